// Binds what the addon imports from Node to the running executable, whatever its file is called
// (a renamed node.exe, Electron, an embedder).
//
// The import library is a delayed one (cmake/WindowsImports.cmake): nothing is bound when the
// system loads the addon, and the first call of each function would go through dlltool's thunk,
// which asks __delayLoadHelper2. That thunk saves the integer argument registers alone, so a first
// napi_create_double() could lose its double. Everything is therefore bound here, before Node calls
// the addon at all; the thunk remains for a function that this Node does not have.
#ifdef _WIN32

#include <windows.h>
// After windows.h.
#include <delayimp.h>

extern "C" {
// Named by dlltool after the library's file, libnode_delayed.a.
extern const ImgDelayDescr delay_import_descriptor __asm__(
    "__DELAY_IMPORT_DESCRIPTOR_libnode_delayed_a");
// The addon's own base address, from the linker.
extern const IMAGE_DOS_HEADER __ImageBase;
}

namespace iocp_net {

namespace {

// Where Node's functions are: in the executable, or in libnode.dll when Node was built as a
// library.
HMODULE NodeModule() {
  const HMODULE library = GetModuleHandleW(L"libnode.dll");
  return library != nullptr ? library : GetModuleHandleW(nullptr);
}

template <typename T>
T* At(RVA offset) {
  const auto base = reinterpret_cast<uintptr_t>(&__ImageBase);
  return reinterpret_cast<T*>(base + offset);
}

__attribute__((constructor)) void BindNode() {
  const HMODULE node = NodeModule();
  *At<HMODULE>(delay_import_descriptor.rvaHmod) = node;
  auto* slot = At<ULONG_PTR>(delay_import_descriptor.rvaIAT);
  for (const auto* name = At<const IMAGE_THUNK_DATA>(delay_import_descriptor.rvaINT);
       name->u1.AddressOfData != 0; name++, slot++) {
    const auto* import = At<const IMAGE_IMPORT_BY_NAME>(static_cast<RVA>(name->u1.AddressOfData));
    const FARPROC function = GetProcAddress(node, reinterpret_cast<const char*>(import->Name));
    if (function != nullptr) *slot = reinterpret_cast<ULONG_PTR>(function);
  }
}

// Asked by __delayLoadHelper2 before it would look for a file of the imported name.
FARPROC WINAPI OnDelayLoad(unsigned event, PDelayLoadInfo info) {
  if (event != dliNotePreLoadLibrary || lstrcmpiA(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(reinterpret_cast<void*>(NodeModule()));
}

}  // namespace

}  // namespace iocp_net

// Declared extern "C" by delayimp.h.
PfnDliHook __pfnDliNotifyHook2 = iocp_net::OnDelayLoad;

#endif  // _WIN32
