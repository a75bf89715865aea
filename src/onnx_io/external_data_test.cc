#include "onnx_io/external_data.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/caught.h"
#include "onnx_io/import.h"
#include "onnx_io/models_for_tests.h"

namespace pact::onnx_io {
namespace {

namespace fs = std::filesystem;

class ExternalDataTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / fmt::format("pact-external-{}", ::getpid());
    fs::create_directories(root_ / "model/part");
    for (const char* name : {"secret", "model/weights", "model/part/more"})
      std::ofstream(root_ / name, std::ios::binary) << "0123456789abcdef";
    fs::create_symlink(root_ / "secret", root_ / "model/link");
    fs::create_directory_symlink(root_, root_ / "model/up");
    fs::create_symlink("weights", root_ / "model/inside");
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string read(const std::string& location, size_t size, const std::string& offset = "") {
    onnx::TensorProto proto;
    proto.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const char* key, const std::string& value) {
      onnx::StringStringEntryProto& entry = *proto.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add("location", location);
    if (!offset.empty()) add("offset", offset);
    return ExternalData(root_ / "model").read(proto, size);
  }

  fs::path root_;
};

TEST_F(ExternalDataTest, ReadsFilesOfTheFolder) {
  EXPECT_EQ(read("weights", 4), "0123");
  EXPECT_EQ(read("weights", 4, "12"), "cdef");
  EXPECT_EQ(read("part/more", 16), "0123456789abcdef");
  EXPECT_EQ(read("inside", 1), "0");
}

TEST_F(ExternalDataTest, ReadsNothingElse) {
  const std::pair<const char*, const char*> cases[] = {
      {"../secret", "outside the model's folder"},
      {"part/../../secret", "outside the model's folder"},
      {"/etc/passwd", "no path inside"},
      {"", "no path inside"},
      {"link", "a link out of the model's folder"},
      {"up/secret", "a link out of the model's folder"},
      {"part", "is no file"},
      {"absent", "which is missing"},
  };
  for (const auto& [location, expected] : cases) {
    const std::string problem = caught([&, name = location] { read(name, 4); });
    EXPECT_TRUE(contains(problem, expected)) << location << ": " << problem;
  }
  EXPECT_TRUE(contains(caught([&] { read("weights", 4, "13"); }), "too short"));
  EXPECT_TRUE(contains(caught([&] { read("weights", 4, "-1"); }), "offset '-1'"));
  EXPECT_TRUE(contains(caught([&] { read("weights", 4, "9223372036854775807"); }), "too short"));
  EXPECT_TRUE(contains(caught([&] { read("weights", 17); }), "too short"));
}

// A network's layers can be looked at without the file of its numbers; whoever looks is told.
TEST_F(ExternalDataTest, LayersWithoutNumbersAreShownWithANote) {
  onnx::ModelProto model;
  model.add_opset_import()->set_version(13);
  onnx::GraphProto& graph = *model.mutable_graph();
  onnx::TypeProto::Tensor& type = *graph.add_input()->mutable_type()->mutable_tensor_type();
  graph.mutable_input(0)->set_name("x");
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : {1, 4}) type.mutable_shape()->add_dim()->set_dim_value(extent);
  onnx::TensorProto& weight = *graph.add_initializer();
  weight.set_name("w");
  weight.set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t extent : {4, 1}) weight.add_dims(extent);
  weight.set_data_location(onnx::TensorProto::EXTERNAL);
  onnx::StringStringEntryProto& entry = *weight.add_external_data();
  entry.set_key("location");
  add_node(graph, "MatMul", "y", {"x", "w"});
  graph.add_output()->set_name("y");
  const auto notes_with = [&](const char* location) {
    entry.set_value(location);
    std::string notes;
    import_onnx(model.SerializeAsString(), "m.onnx",
                {.folder = root_ / "model",
                 .missing = MissingNumbers::zeros,
                 .on_note = [&](const std::string& note) { notes += note; }});
    return notes;
  };
  EXPECT_EQ(notes_with("weights"), "");
  EXPECT_PRED2(contains, notes_with("absent"), "m.onnx: 1 of its tensors is not to be had, 'w': its");
  EXPECT_PRED2(contains, notes_with("absent"), "'absent' beside the model, which is missing");
}

// Tensors that share bytes are files' right, but a thousand of them would make a file a thousand times
// larger.
TEST_F(ExternalDataTest, SharedBytesAreCharged) {
  onnx::TensorProto proto;
  onnx::StringStringEntryProto& entry = *proto.add_external_data();
  entry.set_key("location");
  const auto read_all = [&](ExternalData& data, const char* location) {
    entry.set_value(location);
    return data.read(proto, 16);
  };
  ExternalData data(root_ / "model", 20);
  read_all(data, "weights");
  read_all(data, "inside");  // a link to it: the same file
  EXPECT_EQ(data.file_bytes(), 16);
  EXPECT_TRUE(contains(caught([&] { read_all(data, "weights"); }), "shared by too many tensors"));
  EXPECT_EQ(read_all(data, "part/more").size(), 16u);
  EXPECT_EQ(data.file_bytes(), 32);
  EXPECT_TRUE(contains(caught([&] { read_all(data, "part/more"); }), "shared by too many tensors"));
}

}  // namespace
}  // namespace pact::onnx_io
