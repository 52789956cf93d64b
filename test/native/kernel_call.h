// Linux: the kernel itself, without libc.
#ifndef IOCP_NET_TEST_NATIVE_KERNEL_CALL_H_
#define IOCP_NET_TEST_NATIVE_KERNEL_CALL_H_
#ifdef __linux__

#include <sys/syscall.h>

#include <cerrno>

namespace iocp_net::test {

// Answers with the negative error. A static program has no other libc to ask, and libc's own
// threads make calls before anything here is constructed.
inline long Kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                   long f = 0) {
#if defined(__x86_64__)
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  asm volatile("syscall"
               : "+a"(number)
               : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return number;
#elif defined(__aarch64__)
  register long x8 asm("x8") = number;
  register long x0 asm("x0") = a;
  register long x1 asm("x1") = b;
  register long x2 asm("x2") = c;
  register long x3 asm("x3") = d;
  register long x4 asm("x4") = e;
  register long x5 asm("x5") = f;
  asm volatile("svc 0"
               : "+r"(x0)
               : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
               : "memory");
  return x0;
#endif
}

template <typename T>
long Word(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// As libc answers.
inline long Answered(long result) {
  if (result >= 0 || result <= -4096) return result;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace iocp_net::test

#endif  // __linux__
#endif  // IOCP_NET_TEST_NATIVE_KERNEL_CALL_H_
