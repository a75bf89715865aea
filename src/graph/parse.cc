// Parsing, line by line: a line that is wrong is reported and the next one is read, so that all problems come
// at once. A node that its rule refuses is stood in for by a value of its declared type, so that one mistake
// does not drag a tail of others behind it. Input is bounded and any bytes are survived.
#include <algorithm>

#include "base/error.h"
#include "base/strings.h"
#include "graph/text.h"
#include "graph/validity.h"

namespace pact::graph {
namespace {

constexpr size_t kMaxLines = 1'000'000;
constexpr size_t kMaxLineLength = 1 << 20;
constexpr size_t kMaxProblems = 200;

// Takes one line apart from left to right; throws Error at what it did not expect.
class Scanner {
 public:
  explicit Scanner(std::string_view line) : line_(line) {}

  bool at_end() {
    at_ = std::min(line_.find_first_not_of(" \t", at_), line_.size());
    return at_ == line_.size();
  }

  bool accept(char c) {
    if (at_end() || line_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) fail_here(fmt::format("'{}'", c));
  }

  void expect_end() {
    if (!at_end()) fail_here("the end of the line");
  }

  std::string identifier(std::string_view what) {
    const std::string_view found = run_of(kWordCharacters);
    if (!is_identifier(found)) {
      at_ -= found.size();
      fail_here(what);
    }
    return std::string(found);
  }

  std::string graph_name() {
    const std::string_view found = run_of(kWordCharacters);
    if (!is_graph_name(found)) fail_here("a name of letters, digits and _ . -");
    return std::string(found);
  }

  // True when the next thing is a word and not a number or a bracket.
  bool sees_word() { return !at_end() && is_identifier(line_.substr(at_, 1)); }

  // An integer or a real: a real carries a point or an exponent.
  Attribute number() {
    const std::string_view found = run_of(kNumberCharacters);
    if (found.find_first_of(".e") == std::string_view::npos) {
      if (const auto integer = parse_integer(found)) return static_cast<int64_t>(*integer);
    } else if (const auto real = parse_real(found)) {
      return *real;
    }
    at_ -= found.size();
    fail_here("a number");
  }

  int64_t integer() {
    const Attribute found = number();
    if (!std::holds_alternative<int64_t>(found)) fail_here("an integer before this");
    return std::get<int64_t>(found);
  }

 private:
  static constexpr std::string_view kWordCharacters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  static constexpr std::string_view kNumberCharacters = "0123456789+-.e";

  std::string_view run_of(std::string_view characters) {
    if (at_end()) return {};
    const size_t begin = at_;
    at_ = std::min(line_.find_first_not_of(characters, at_), line_.size());
    return line_.substr(begin, at_ - begin);
  }

  [[noreturn]] void fail_here(std::string_view wanted) {
    if (at_end()) fail("expected {} at the end of the line", wanted);
    const char c = line_[at_];
    if (c < ' ' || c > '~')
      fail("expected {} in column {}, not byte {}", wanted, at_ + 1,
           static_cast<int>(static_cast<unsigned char>(c)));
    std::string_view rest = line_.substr(at_, 20);
    rest =
        rest.substr(0, std::ranges::find_if(rest, [](char r) { return r <= ' ' || r > '~'; }) - rest.begin());
    fail("expected {} in column {}, not '{}'", wanted, at_ + 1, rest);
  }

  std::string_view line_;
  size_t at_ = 0;
};

TensorType parse_type(Scanner& scanner) {
  TensorType type;
  type.dtype = data_type_of(scanner.identifier("a data type"));
  scanner.expect('[');
  if (scanner.accept(']')) return type;
  do {
    if (type.shape.empty() && scanner.accept('N')) {
      type.shape.push_back(kBatch);
      continue;
    }
    const int64_t extent = scanner.integer();
    if (extent < 1 || extent > kMaxExtent) fail("the extent {} is not from 1 to 2^31", extent);
    if (type.shape.size() == kMaxRank) fail("a type has at most {} extents", kMaxRank);
    type.shape.push_back(extent);
  } while (scanner.accept(','));
  scanner.expect(']');
  return type;
}

// [] is a list of integers here; the op's rule knows better.
Attribute parse_list(Scanner& scanner) {
  std::vector<int64_t> integers;
  std::vector<double> reals;
  if (scanner.accept(']')) return integers;
  do {
    const Attribute number = scanner.number();
    if (const auto* integer = std::get_if<int64_t>(&number)) {
      integers.push_back(*integer);
    } else {
      reals.push_back(std::get<double>(number));
    }
  } while (scanner.accept(','));
  scanner.expect(']');
  if (!integers.empty() && !reals.empty())
    fail("a list holds both integers and reals; write 1.0 for the real 1");
  if (reals.empty()) return integers;
  return reals;
}

Attributes parse_attributes(Scanner& scanner) {
  Attributes attributes;
  while (!scanner.at_end()) {
    const std::string key = scanner.identifier("an attribute");
    if (attributes.contains(key)) fail("attribute '{}' is given twice", key);
    scanner.expect('=');
    if (scanner.accept('[')) {
      attributes[key] = parse_list(scanner);
    } else if (scanner.sees_word()) {
      attributes[key] = scanner.identifier("a word");
    } else {
      attributes[key] = scanner.number();
    }
  }
  return attributes;
}

class Parser {
 public:
  // Throws Error when the line is wrong.
  void read(std::string_view line) {
    Scanner scanner(line);
    if (scanner.at_end()) return;
    const std::string first = scanner.identifier("a name or a keyword");
    if (scanner.accept(':')) {  // so that values may bear the names of keywords
      read_node(first, scanner);
    } else if (first == "graph") {
      read_graph(scanner);
    } else if (first == "input") {
      read_source(ValueKind::input, scanner);
    } else if (first == "param") {
      read_source(ValueKind::parameter, scanner);
    } else if (first == "buffer") {
      read_source(ValueKind::buffer, scanner);
    } else if (first == "output") {
      const std::string name = scanner.identifier("the name of a value");
      scanner.expect_end();
      graph.add_output(find(name));
    } else {
      fail("'{}' is no statement; a line begins with graph, input, param, buffer, output or 'NAME:'", first);
    }
    is_empty = false;
  }

  Graph graph;
  bool is_empty = true;

 private:
  void read_graph(Scanner& scanner) {
    if (!is_empty) fail("'graph' comes first, and once");
    if (!scanner.at_end()) graph.set_name(scanner.graph_name());
    scanner.expect_end();
  }

  void read_source(ValueKind kind, Scanner& scanner) {
    const std::string name = scanner.identifier("a name");
    scanner.expect(':');
    TensorType type = parse_type(scanner);
    scanner.expect_end();
    graph.add_source(kind, name, std::move(type));
  }

  void read_node(const std::string& name, Scanner& scanner) {
    const TensorType declared = parse_type(scanner);
    try {
      read_application(name, declared, scanner);
    } catch (const Error&) {
      if (!graph.find(name)) graph.add_input(name, declared);  // the stand-in
      throw;
    }
  }

  void read_application(const std::string& name, const TensorType& declared, Scanner& scanner) {
    scanner.expect('=');
    const Op op = op_of(scanner.identifier("an op"));
    scanner.expect('(');
    std::vector<ValueId> inputs;
    if (!scanner.accept(')')) {
      do {
        inputs.push_back(find(scanner.identifier("the name of a value")));
      } while (scanner.accept(','));
      scanner.expect(')');
    }
    const ValueId value = graph.add_node(op, name, std::move(inputs), parse_attributes(scanner));
    const TensorType& inferred = graph.value(value).type;
    if (inferred != declared) {
      fail("node '{}' ({}) is declared {}, but its type is {}", name, name_of(op), to_string(declared),
           to_string(inferred));
    }
  }

  ValueId find(const std::string& name) const {
    if (const auto found = graph.find(name)) return *found;
    fail("the value '{}' is not defined before this line", name);
  }
};

std::string_view without_comment(std::string_view line) {
  line = line.substr(0, line.find('#'));
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

}  // namespace

Graph parse(std::string_view text, std::string_view origin) {
  Parser parser;
  std::vector<std::string> problems;
  size_t number = 0;
  for (size_t begin = 0; begin < text.size() && problems.size() < kMaxProblems;) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (++number > kMaxLines) {
      problems.push_back(fmt::format("there are more than {} lines", kMaxLines));
      break;
    }
    try {
      if (line.size() > kMaxLineLength) fail("the line is longer than {} bytes", kMaxLineLength);
      parser.read(without_comment(line));
    } catch (const Error& error) {
      problems.push_back(fmt::format("line {}: {}", number, error.what()));
    }
  }
  if (problems.empty() && parser.is_empty) problems.emplace_back("there is no graph in it");
  if (problems.size() == kMaxProblems) problems.emplace_back("and perhaps more; reading stopped here");
  if (!problems.empty()) fail("{} is no sound graph:\n  {}", origin, join(problems, "\n  "));
  return std::move(parser.graph);
}

}  // namespace pact::graph
