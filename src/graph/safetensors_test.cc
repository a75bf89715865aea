#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "base/caught.h"
#include "base/files.h"
#include "base/random.h"
#include "graph/tensor.h"

namespace pact::graph {
namespace {

TensorFile example() {
  TensorFile file;
  const float weights[] = {0.5f, -1.0f, 3.25f, 1e-20f, 0.0f, -0.0f};
  file.tensors["conv.weight"] = Tensor::of({2, 3}, weights);
  file.tensors["alpha"] = Tensor::of({}, std::span(weights, 1));
  file.tensors["codes"] = Tensor::zeros(DataType::i8, {5});
  file.tensors["codes"].as<int8_t>()[3] = -7;
  file.tensors["empty"] = Tensor::zeros(DataType::f64, {0, 4});
  file.tensors["steps"] = Tensor::zeros(DataType::i64, {2});
  file.metadata = {{"format", "pact"}, {"graph", "graph x\n\"quoted\"\n"}};
  return file;
}

std::string with_header(const std::string& header, const std::string& buffer = "") {
  std::string bytes(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + buffer;
}

TEST(Safetensors, ReadsBackWhatItWrote) {
  const std::string bytes = serialize_safetensors(example());
  const TensorFile file = parse_safetensors(bytes, "memory");
  EXPECT_EQ(file.tensors, example().tensors);
  EXPECT_EQ(file.metadata, example().metadata);
  EXPECT_EQ(serialize_safetensors(file), bytes);
  EXPECT_TRUE(parse_safetensors(serialize_safetensors({}), "memory").tensors.empty());
}

TEST(Safetensors, LaysOutAsOthersDo) {
  TensorFile file;
  const float value[] = {1.0f};
  file.tensors["b"] = Tensor::of({1}, value);
  file.tensors["a"] = Tensor::zeros(DataType::u8, {1});
  file.metadata["k"] = "v";
  // Keys sorted, larger elements first, and the header padded so that the buffer is aligned.
  std::string header = R"({"__metadata__":{"k":"v"},"a":{"data_offsets":[4,5],"dtype":"U8","shape":[1]},)"
                       R"("b":{"data_offsets":[0,4],"dtype":"F32","shape":[1]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  EXPECT_EQ(serialize_safetensors(file), with_header(header, std::string("\x00\x00\x80\x3f\x00", 5)));
}

TEST(Safetensors, GoesThroughAFile) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("pact-{}.safetensors", getpid());
  write_safetensors(path, example());
  EXPECT_EQ(read_safetensors(path).tensors, example().tensors);
  write_file(path, "short");
  const std::string message = caught([&] { read_safetensors(path); });
  EXPECT_TRUE(contains(message, path.string())) << message;
  std::filesystem::remove(path);
  EXPECT_TRUE(contains(caught([&] { read_safetensors(path); }), path.string()));
}

TEST(Safetensors, RefusesToWriteWhatCannotBeRead) {
  TensorFile file;
  file.tensors["__metadata__"] = Tensor::zeros(DataType::f32, {1});
  EXPECT_THROW(serialize_safetensors(file), Error);
  file.tensors.clear();
  file.tensors["\xff"] = Tensor::zeros(DataType::f32, {1});
  EXPECT_TRUE(contains(caught([&] { serialize_safetensors(file); }), "UTF-8"));
}

struct Corrupt {
  std::string bytes;
  std::string message;
};

std::string entry(const std::string& text) { return R"({"a":{)" + text + "}}"; }

TEST(Safetensors, SaysWhatIsWrong) {
  const std::string four(4, '\1'), eight(8, '\1');
  const std::string offsets = R"(,"data_offsets":[0,4])";
  const Corrupt table[] = {
      {"", "0 bytes"},
      {"1234567", "7 bytes"},
      {std::string(8, '\xff'), "claims 18446744073709551615 bytes"},
      {with_header("{}").substr(0, 9), "only 1 follow"},
      {std::string("\x01\x00\x00\x01\x00\x00\x00\x00", 8), "at most 16777216"},
      {with_header(""), "not JSON"},
      {with_header("{"), "not JSON"},
      {with_header("{}x"), "not JSON"},
      {with_header("\xff\xfe"), "not JSON"},
      {with_header("[]"), "no JSON object"},
      {with_header("7"), "no JSON object"},
      {with_header(std::string(100'000, '[')), "nested deeper"},
      {with_header(R"({"a":{"b":{"c":{}}}})"), "nested deeper"},
      {with_header(R"({"a":1})"), "is no object"},
      {with_header("{}", "x"), "1 bytes at the end"},
      {with_header(R"({"__metadata__":[]})"), "'__metadata__' is no object"},
      {with_header(R"({"__metadata__":{"a":1}})"), "something else than text under \"a\""},
      {with_header(R"({"__metadata__":{"a":"1","a":"2"}})"), "the key \"a\" twice"},
      {with_header(R"({"a":{},"a":{}})"), "the key \"a\" twice"},
      {with_header(entry("")), "\"a\" has no 'dtype'"},
      {with_header(entry(R"("dtype":3)")), "has no 'dtype'"},
      {with_header(entry(R"("dtype":"F8_E4M3")")), "dtype \"F8_E4M3\", which is not read"},
      {with_header(entry(R"("dtype":"F32")")), "no list 'shape'"},
      {with_header(entry(R"("dtype":"F32","shape":[1])")), "no list 'data_offsets'"},
      {with_header(entry(R"("dtype":"F32","shape":[1],"dtype":"F32")")), "the key \"dtype\" twice"},
      {with_header(entry(R"("dtype":"F32","shape":[-1])" + offsets), four), "no whole numbers"},
      {with_header(entry(R"("dtype":"F32","shape":[1.0])" + offsets), four), "no whole numbers"},
      {with_header(entry(R"("dtype":"F32","shape":[null])" + offsets), four), "no whole numbers"},
      {with_header(entry(R"("dtype":"F32","shape":[18446744073709551615])" + offsets), four),
       "has the extent"},
      {with_header(entry(R"("dtype":"F32","shape":[4294967296,4294967296])" + offsets), four),
       "too many elements"},
      {with_header(entry(R"("dtype":"F32","shape":[4611686018427387905])" + offsets), four),
       "lies in 4 bytes"},
      {with_header(entry(R"("dtype":"F32","shape":[2])" + offsets), four), "f32[2] lies in 4 bytes"},
      {with_header(entry(R"("dtype":"F32","shape":[1])" + offsets), eight), "4 bytes at the end"},
      {with_header(entry(R"("dtype":"F32","shape":[1])" + offsets), "abc"), "bytes 0 to 4 of a buffer of 3"},
      {with_header(entry(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), four), "bytes 4 to 0"},
      {with_header(entry(R"("dtype":"F32","shape":[1],"data_offsets":[0])"), four), "1 data_offsets"},
      {with_header(entry(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), eight),
       "4 of them are before it"},
      {with_header(entry(R"("dtype":"F32","shape":[1],"x":0)" + offsets), four), "foreign key \"x\""},
      {with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                   R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                   four),
       "\"b\" begins at byte 0 of the buffer, 4 of them are in another tensor"},
      {with_header(R"({"a\n)" + std::string(200, 'x') + R"(":0})"), "tensor \"a\\nxxx"},
  };
  for (const Corrupt& corrupt : table) {
    const std::string message = caught([&] { parse_safetensors(corrupt.bytes, "dir/f.safetensors"); });
    EXPECT_TRUE(contains(message, corrupt.message)) << message << "\nlacks " << corrupt.message;
    EXPECT_TRUE(message.starts_with("dir/f.safetensors is no sound")) << message;
    EXPECT_LT(message.size(), 500u);
  }
}

// Whatever the bytes, either an Error comes or a file that is whole.
TEST(Safetensors, SurvivesMutation) {
  const std::string sound = serialize_safetensors(example());
  const std::string_view favourites = "{}[]\",:0129-eE.\\\xff";
  int accepted = 0;
  for (uint64_t round = 0; round < 5000; ++round) {
    Random random(11, round);
    std::string bytes = sound;
    for (uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
      const size_t at = random.below(bytes.size());
      switch (random.below(5)) {
        case 0:
          bytes[at] = static_cast<char>(random.bits());
          break;
        case 1:
          bytes[at] = favourites[random.below(favourites.size())];
          break;
        case 2:
          bytes.erase(at, 1 + random.below(8));
          break;
        case 3:
          bytes.insert(at, bytes.substr(random.below(bytes.size()), random.below(16)));
          break;
        case 4:
          bytes[random.below(8)] = static_cast<char>(random.bits());
          break;
      }
      if (bytes.empty()) bytes = "x";
    }
    try {
      const TensorFile file = parse_safetensors(bytes, "memory");
      for (const auto& [name, tensor] : file.tensors) {
        EXPECT_EQ(tensor.bytes.size(), static_cast<size_t>(tensor.count()) * size_bytes(tensor.type)) << name;
      }
      ++accepted;
    } catch (const Error& error) {
      EXPECT_TRUE(contains(error.what(), "memory"));
    }
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 4000);
}

}  // namespace
}  // namespace pact::graph
