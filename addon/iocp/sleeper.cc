#include "iocp/sleeper.h"

#include <algorithm>

#include "iocp/errors.h"

namespace iocp_net {

namespace {

constexpr SIZE_T kStackBytes = 64 * 1024;

}  // namespace

Status Sleeper::Start() {
  armed_ = Handle(::CreateEventW(nullptr, FALSE, FALSE, nullptr));
  if (!armed_.valid()) return FromSystemError(::GetLastError());
  thread_ = Handle(
      ::CreateThread(nullptr, kStackBytes, Main, this, STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr));
  return thread_.valid() ? kOk : FromSystemError(::GetLastError());
}

void Sleeper::Arm() {
  int expected = kResting;
  if (state_.compare_exchange_strong(expected, kArmed)) ::SetEvent(armed_.get());
}

ULONG Sleeper::Collect(OVERLAPPED_ENTRY* entries) {
  if (state_.load(std::memory_order_acquire) != kFull) return 0;
  const ULONG count = std::exchange(count_, 0);
  std::copy_n(entries_, count, entries);
  state_.store(kResting, std::memory_order_release);
  return count;
}

void Sleeper::Stop() {
  if (!thread_.valid()) return;
  stopping_ = true;
  ::SetEvent(armed_.get());
  // A packet without an operation ends the wait of a helper that is blocked; a port that has no
  // memory for it will have some soon. If the helper is not there any more, Wait passes over it.
  while (!::PostQueuedCompletionStatus(port_, 0, 0, nullptr)) ::Sleep(1);
  ::WaitForSingleObject(thread_.get(), INFINITE);
  thread_.Close();
}

DWORD WINAPI Sleeper::Main(void* self) {
  static_cast<Sleeper*>(self)->Run();
  return 0;
}

void Sleeper::Run() {
  for (;;) {
    ::WaitForSingleObject(armed_.get(), INFINITE);
    // While packets wait to be collected the buffer is not ours.
    if (state_.load(std::memory_order_acquire) == kArmed) {
      ULONG count = 0;
      if (!::GetQueuedCompletionStatusEx(port_, entries_, kEntriesMax, &count, INFINITE, FALSE)) {
        count = 0;
      }
      count_ = count;
      state_.store(kFull, std::memory_order_release);
    }
    if (stopping_) return;
    wake_(argument_);
  }
}

}  // namespace iocp_net
