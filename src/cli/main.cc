// The program: everything else is in libraries.

#include "cli/commands.h"

int main(int argc, char** argv) { return pact::cli::run_program(argc, argv); }
