// Binds what the addon imports from Node to the running executable, whatever its file is called
// (node.exe, a renamed one, Electron, an embedder).
//
// An import from NODE.EXE in the usual way ties the addon to that file name: under another one
// Windows looks for a second node.exe. So the addon has no import library. The compiler calls a
// dllimport function through the pointer __imp_<name>; those pointers are defined here, and set
// before Node calls the addon at all. node_imports.inc lists the names
// (cmake/WindowsImports.cmake).
#ifdef _WIN32

#include <windows.h>

#include <cstdlib>

extern "C" {
#define IOCP_NET_IMPORT(name) void* __imp_##name = nullptr;
#include "node_imports.inc"
#undef IOCP_NET_IMPORT
}

namespace iocp_net {

namespace {

struct Import {
  const char* name;
  void** slot;
};

const Import kImports[] = {
#define IOCP_NET_IMPORT(name) {#name, &__imp_##name},
#include "node_imports.inc"
#undef IOCP_NET_IMPORT
};

// Called in place of a function that this Node does not have.
void Missing() { std::abort(); }

// Where Node's functions are: in the executable, or in libnode.dll when Node was built as a
// library.
HMODULE NodeModule() {
  const HMODULE library = GetModuleHandleW(L"libnode.dll");
  return library != nullptr ? library : GetModuleHandleW(nullptr);
}

// Done as the addon is loaded; no other constructor of a global object needs Node.
struct NodeBinding {
  NodeBinding() {
    const HMODULE node = NodeModule();
    for (const Import& import : kImports) {
      const FARPROC function = GetProcAddress(node, import.name);
      *import.slot = function != nullptr ? reinterpret_cast<void*>(function)
                                         : reinterpret_cast<void*>(&Missing);
    }
  }
};
const NodeBinding kNodeBinding;

}  // namespace

}  // namespace iocp_net

#endif  // _WIN32
