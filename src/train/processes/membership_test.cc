#include "train/processes/membership.h"

#include <gtest/gtest.h>

#include <map>

#include "base/caught.h"

namespace pact::train {
namespace {

std::optional<Membership> among(const std::map<std::string, std::string>& variables) {
  return membership_of([&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

void expect_at(const std::optional<Membership>& m, int rank, int count, const std::string& address,
               int port) {
  ASSERT_TRUE(m);
  EXPECT_EQ(m->rank, rank);
  EXPECT_EQ(m->count, count);
  EXPECT_EQ(m->address, address);
  EXPECT_EQ(m->port, port);
}

TEST(Membership, IsReadFromEachLauncher) {
  expect_at(among({{"RANK", "1"}, {"WORLD_SIZE", "4"}, {"MASTER_ADDR", "one"}, {"MASTER_PORT", "1234"}}), 1,
            4, "one", 1234);
  expect_at(among({{"OMPI_COMM_WORLD_RANK", "1"},
                   {"OMPI_COMM_WORLD_SIZE", "2"},
                   {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}}),
            1, 2, "127.0.0.1", 29500);
  expect_at(among({{"PMI_RANK", "2"}, {"PMI_SIZE", "3"}, {"MASTER_ADDR", "two"}}), 2, 3, "two", 29500);
  expect_at(among({{"SLURM_PROCID", "3"},
                   {"SLURM_NTASKS", "8"},
                   {"SLURM_STEP_NUM_TASKS", "4"},
                   {"SLURM_JOB_NODELIST", "gpu[03-05,9],cpu1"},
                   {"SLURM_JOB_ID", "70021"}}),
            3, 4, "gpu03", 29521);
}

TEST(Membership, OfTorchrunCountsBeforeThatOfTheJobItRunsIn) {
  expect_at(among({{"SLURM_PROCID", "0"},
                   {"SLURM_NTASKS", "2"},
                   {"RANK", "5"},
                   {"WORLD_SIZE", "8"},
                   {"MASTER_ADDR", "m"},
                   {"MASTER_PORT", "7"}}),
            5, 8, "m", 7);
}

TEST(Membership, MeetsBesideAPortThatTorchrunTakesItself) {
  const auto port = [](const char* given, const char* shared) {
    return among({{"RANK", "0"},
                  {"WORLD_SIZE", "2"},
                  {"MASTER_ADDR", "m"},
                  {"MASTER_PORT", given},
                  {"TORCHELASTIC_USE_AGENT_STORE", shared}})
        ->port;
  };
  EXPECT_EQ(port("29500", "True"), 29501);
  EXPECT_EQ(port("65535", "True"), 65534);
  EXPECT_EQ(port("29500", "False"), 29500);
}

TEST(Membership, KnowsItsPlaceOnItsMachine) {
  EXPECT_EQ(among({{"SLURM_PROCID", "3"},
                   {"SLURM_STEP_NUM_TASKS", "4"},
                   {"SLURM_LOCALID", "1"},
                   {"MASTER_ADDR", "m"}})
                ->local_rank,
            1);
  EXPECT_EQ(among({{"RANK", "5"}, {"WORLD_SIZE", "8"}, {"MASTER_ADDR", "m"}})->local_rank, 5);
}

TEST(Membership, IsNoneForOneProcess) {
  EXPECT_FALSE(among({}));
  EXPECT_FALSE(among({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
  EXPECT_FALSE(among({{"SLURM_NTASKS", "4"}}));  // in a job, but not started by srun
}

TEST(Membership, ThatContradictsItselfIsRefusedInWords) {
  const auto refused = [](const std::map<std::string, std::string>& variables, const std::string& part) {
    const std::string message = caught([&] { among(variables); });
    EXPECT_TRUE(contains(message, part)) << "'" << message << "' lacks '" << part << "'";
  };
  refused({{"WORLD_SIZE", "2"}}, "no RANK");
  refused({{"RANK", "0"}}, "no WORLD_SIZE");
  refused({{"RANK", "2"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "m"}}, "at most 1");
  refused({{"RANK", "-1"}, {"WORLD_SIZE", "2"}}, "RANK=-1");
  refused({{"RANK", "one"}, {"WORLD_SIZE", "2"}}, "RANK=one");
  refused({{"RANK", "0"}, {"WORLD_SIZE", "0"}}, "WORLD_SIZE=0");
  refused({{"RANK", "0"}, {"WORLD_SIZE", "2"}}, "MASTER_ADDR");
  refused({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "m"}, {"MASTER_PORT", "99999"}},
          "MASTER_PORT=99999");
  refused({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}},
          "MASTER_ADDR");
}

TEST(NodeList, BeginsWithItsFirstMachine) {
  EXPECT_EQ(first_of_node_list("alone"), "alone");
  EXPECT_EQ(first_of_node_list("a,b"), "a");
  EXPECT_EQ(first_of_node_list("a,b[1-2]"), "a");
  EXPECT_EQ(first_of_node_list("n[007,9]"), "n007");
  EXPECT_EQ(first_of_node_list("n[1-2]-ib,m"), "n1-ib");
}

}  // namespace
}  // namespace pact::train
