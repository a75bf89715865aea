// Which of how many processes this one is, and where they meet. Each launcher says it in environment
// variables of its own: torchrun, mpirun (Open MPI or MPICH), Slurm's srun.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace pact::train {

struct Membership {
  int rank = 0, count = 1;
  std::string address = {};  // of process 0
  int port = 0;              // where it listens; 0, for process 0 alone: any that is free
  std::string launcher = {};
  int local_rank = 0;  // among those of its machine, where the launcher says so; else its rank
};

// A variable's value, or nothing where it is not set or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> of_this_process(const std::string& name);

// Nothing where no launcher speaks, or speaks of a single process. MASTER_ADDR and MASTER_PORT name the
// meeting place; without them it is the first machine of Slurm's list, or this machine where mpirun says that
// all run here. Throws Error on what is missing or contradicts itself.
std::optional<Membership> membership_of(const Environment& environment);

// The first machine of a list as Slurm writes it: "gpu[03-05,9],cpu1" begins with gpu03.
std::string first_of_node_list(const std::string& list);

}  // namespace pact::train
