// On which core a thread runs. Systems often wake a thread on the core of the one that woke it, where the two then
// wait for each other until the system's next look at its balance, which takes longer than a small network.
#pragma once

namespace pact {

// The core that the calling thread runs on; -1 where that is not known.
int current_core();

// Moves the calling thread to another of the cores that it may use, if there is one. Where it may run stays as it is.
void leave_core(int core);

}  // namespace pact
