// What becomes of memory that the program frees.
#pragma once

namespace pact {

// From now on, blocks of 256 KiB and more go back to the system once freed; where the allocator has no such
// switch, nothing happens.
void return_freed_memory();

}  // namespace pact
