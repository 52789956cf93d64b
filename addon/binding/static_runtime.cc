// Keeps C++'s exception machinery out of an addon that carries its C++ library (Windows, musl).
//
// Nothing of ours catches an exception, so all that a throw can do is end the process. Answering
// the calls that the C++ library makes for a throw leaves out the unwinder and the demangler: two
// thirds of the file. Nothing of it is visible outside of the addon.
#ifdef IOCP_NET_STATIC_RUNTIME

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <new>

namespace {

void* Allocate(std::size_t bytes) {
  void* const memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes); }
void* operator new[](std::size_t bytes) { return Allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

// NOLINTBEGIN(bugprone-reserved-identifier)
namespace std {

void terminate() noexcept { abort(); }

#ifdef __GLIBCXX__
void __throw_bad_alloc() { abort(); }
void __throw_bad_array_new_length() { abort(); }
void __throw_bad_function_call() { abort(); }
void __throw_length_error(const char*) { abort(); }
void __throw_logic_error(const char*) { abort(); }
void __throw_out_of_range(const char*) { abort(); }
void __throw_out_of_range_fmt(const char*, ...) { abort(); }
void __throw_system_error(int) { abort(); }
#endif

}  // namespace std

extern "C" {

[[noreturn]] void __cxa_pure_virtual() { abort(); }
[[noreturn]] void* __cxa_allocate_exception(std::size_t) { abort(); }
[[noreturn]] void __cxa_free_exception(void*) { abort(); }
[[noreturn]] void __cxa_throw(void*, void*, void (*)(void*)) { abort(); }
[[noreturn]] void __cxa_rethrow() { abort(); }
[[noreturn]] void* __cxa_begin_catch(void*) { abort(); }
[[noreturn]] void __cxa_end_catch() { abort(); }
[[noreturn]] void* __cxa_current_primary_exception() { abort(); }
[[noreturn]] void __cxa_increment_exception_refcount(void*) { abort(); }
[[noreturn]] void __cxa_decrement_exception_refcount(void*) { abort(); }
[[noreturn]] void __cxa_rethrow_primary_exception(void*) { abort(); }
unsigned __cxa_uncaught_exceptions() { return 0; }
[[noreturn]] void _Unwind_Resume(void*) { abort(); }
[[noreturn]] int __gxx_personality_v0() { abort(); }
[[noreturn]] int __gxx_personality_seh0() { abort(); }

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)

#endif  // IOCP_NET_STATIC_RUNTIME
