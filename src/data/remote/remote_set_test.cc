#include "data/remote/remote_set.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/caught.h"
#include "base/error.h"
#include "data/dataset.h"
#include "data/remote/digest.h"
#include "data/remote/unpack.h"
#include "data/temporary_folder.h"

namespace pact::data {
namespace {

namespace fs = std::filesystem;

class Remote : public testing::Test {
 protected:
  // A tar.gz with files of these names and contents.
  void write_archive(const std::string& name, const std::vector<std::pair<std::string, std::string>>& files) {
    archive* writer = archive_write_new();
    archive_write_add_filter_gzip(writer);
    archive_write_set_format_pax_restricted(writer);
    ASSERT_EQ(archive_write_open_filename(writer, (folder_.path() / name).c_str()), ARCHIVE_OK);
    for (const auto& [path, bytes] : files) {
      archive_entry* entry = archive_entry_new();
      archive_entry_set_pathname(entry, path.c_str());
      archive_entry_set_size(entry, static_cast<la_int64_t>(bytes.size()));
      archive_entry_set_filetype(entry, AE_IFREG);
      archive_entry_set_perm(entry, 0644);
      archive_write_header(writer, entry);
      archive_write_data(writer, bytes.data(), bytes.size());
      archive_entry_free(entry);
    }
    archive_write_free(writer);
  }
  std::string complaint(const std::string& archive) {
    return caught([&] { unpack(folder_.path() / archive, folder_.path(), "set"); });
  }

  TemporaryFolder folder_{testing::UnitTest::GetInstance()->current_test_info()->name()};
};

TEST_F(Remote, Digests) {  // of "abc": RFC 1321, FIPS 180-4
  folder_.write("abc", "abc");
  EXPECT_EQ(digest_of(folder_.path() / "abc", "md5"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(digest_of(folder_.path() / "abc", "sha1"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(digest_of(folder_.path() / "abc", "sha256"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_PRED2(contains, caught([&] { digest_of(folder_.path() / "abc", "crc"); }), "md5, sha1, sha256");
  EXPECT_PRED2(contains, caught([&] { digest_of(folder_.path() / "none", "md5"); }), "none: cannot be read");
}

TEST_F(Remote, UnpacksAFolder) {
  write_archive("a.tgz",
                {{"set/one.bin", std::string(100000, 'x')}, {"./set/sub/two.bin", "two"}, {"other/x", "y"}});
  unpack(folder_.path() / "a.tgz", folder_.path(), "set");
  EXPECT_EQ(read_file(folder_.path() / "set/one.bin"), std::string(100000, 'x'));
  EXPECT_EQ(read_file(folder_.path() / "set/sub/two.bin"), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 2) << "nothing else is left";
}

TEST_F(Remote, RefusesBadArchives) {
  write_archive("out.tgz", {{"set/x", "x"}, {"set/../../evil", "x"}});
  EXPECT_PRED2(contains, complaint("out.tgz"), "leads out of its folder");
  write_archive("root.tgz", {{"/tmp/evil", "x"}});
  EXPECT_PRED2(contains, complaint("root.tgz"), "leads out of its folder");
  write_archive("none.tgz", {{"other/x", "x"}});
  EXPECT_PRED2(contains, complaint("none.tgz"), "none.tgz: has no folder 'set'");
  write_archive("cut.tgz", {{"set/x", std::string(100000, 'x')}});
  const std::string whole = read_file(folder_.path() / "cut.tgz");
  folder_.write("cut.tgz", whole.substr(0, whole.size() - 20));
  EXPECT_PRED2(contains, complaint("cut.tgz"), "cut.tgz: is a damaged archive");
  folder_.write("noise.tgz", "no archive at all");
  EXPECT_PRED2(contains, complaint("noise.tgz"), "noise.tgz: is a damaged archive");
  EXPECT_FALSE(fs::exists(folder_.path() / "set")) << "half a folder";
}

TEST_F(Remote, DescriptionsAreChecked) {
  const auto parsed = [](const std::string& files) {
    return parse_remote_sets(
        R"({"a": {"title": "A", "set": "mnist", "base": "http://x", "source": "s", "terms": "t", "files": )" +
            files + "}}",
        "d.json");
  };
  const RemoteFile file = parsed(R"([{"name": "f.gz", "sha1": "00", "bytes": 7}])").at(0).files.at(0);
  EXPECT_EQ(file.algorithm, "sha1");
  EXPECT_EQ(file.bytes, 7);
  for (const char* files :
       {"[]", "7", R"([{"nam": "x"}])", R"([{"name": "../x"}])", R"([{"name": "x", "unpacks_to": ".."}])",
        R"([{"name": ""}])", R"([{"name": "x", "md5": 7}])"})
    EXPECT_PRED2(contains, caught([&] { parsed(files); }), "d.json: a") << files;
  EXPECT_PRED2(contains, caught([] { parse_remote_sets("[", "d.json"); }), "d.json");
}

// What the program ships: sets that the catalog knows, each file with a checksum of the right length.
TEST(RemoteSets, OfTheProgram) {
  const fs::path path = "configs/datasets.json";
  for (const RemoteSet& set : parse_remote_sets(read_file(path), path.string())) {
    const auto& known = dataset_catalog();
    EXPECT_TRUE(std::ranges::any_of(known, [&](const DatasetEntry& e) { return e.name == set.set; }))
        << set.set;
    for (const RemoteFile& file : set.files)
      EXPECT_EQ(file.digest.size(), file.algorithm == "md5"    ? 32u
                                    : file.algorithm == "sha1" ? 40u
                                                               : 64u)
          << file.name;
  }
}

}  // namespace
}  // namespace pact::data
