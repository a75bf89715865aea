// CLI11 speaks of types and of its own terms ("1 required TEXT missing"). What its error was about is found
// again from the application: the subcommand that was read last, what it left over, and its options.

#include "cli/parse_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/strings.h"

namespace pact::cli {
namespace {

// The command that was being read, the innermost.
const CLI::App& current(const CLI::App& app) {
  const std::vector<CLI::App*> read = app.get_subcommands();
  return read.empty() ? app : current(*read.back());
}

std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent ? full_name(*parent) + " " + command.get_name() : "pact";
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// The option that `message` begins with or names behind `prefix`.
const CLI::Option* option_in(const CLI::App& command, std::string_view message,
                             std::string_view prefix = "") {
  if (message.starts_with(prefix)) message.remove_prefix(prefix.size());
  return command.get_option_no_throw(std::string(message.substr(0, message.find_first_of(" :"))));
}

std::string explain_leftover(const CLI::App& command) {
  const std::vector<std::string> rest = command.remaining(true);
  const auto option =
      std::ranges::find_if(rest, [](const std::string& word) { return word.starts_with("-"); });
  if (option == rest.end())
    return rest.empty() ? "" : fmt::format("'{}' is one argument more than it takes", rest.front());
  const std::string name = option->substr(0, option->find('='));
  const auto nearest = nearest_name(name, option_names(command));
  return fmt::format("there is no option '{}'{}", name,
                     nearest ? fmt::format(" (did you mean '{}'?)", *nearest) : "");
}

// A command that is missing or has another name.
std::string explain_command(const CLI::App& command) {
  const std::vector<std::string> names = command_names(command), rest = command.remaining(true);
  if (rest.empty()) return fmt::format("say what to do: {}", join(names));
  if (rest.front().starts_with("-")) return explain_leftover(command);
  return unknown_name("command", rest.front(), names);
}

std::string explain_conversion(const CLI::App& command, const std::string& message) {
  constexpr std::string_view kPrefix = "Could not convert: ";
  const CLI::Option* option = option_in(command, message, kPrefix);
  const size_t equals = message.find(" = ");
  if (!option || equals == std::string::npos) return message;
  const bool is_real = option->get_type_name().starts_with("FLOAT");
  return fmt::format("{}: expected {}, not '{}'", option->get_name(), is_real ? "a number" : "a whole number",
                     message.substr(equals + 3));
}

std::string explain_without_hint(const CLI::App& command, const CLI::ParseError& error) {
  const std::string message = error.what();
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::RequiredError:
      if (const CLI::Option* option = option_in(command, message))
        return fmt::format("{} is missing: {}", option->get_name(), option->get_description());
      return explain_command(command);
    case CLI::ExitCodes::ArgumentMismatch:
      if (const CLI::Option* option = option_in(command, message))
        return fmt::format("{}: takes a value: {}", option->get_name(), option->get_description());
      return message;
    case CLI::ExitCodes::ConversionError:
      return explain_conversion(command, message);
    case CLI::ExitCodes::ExtrasError:
      return explain_leftover(command);
    default:
      return message;
  }
}

}  // namespace

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App& command = current(app);
  const std::string text = explain_without_hint(command, error);
  return fmt::format("{}\n(`{} --help` tells what it takes)", text.empty() ? error.what() : text,
                     full_name(command));
}

}  // namespace pact::cli
