#include "iocp/pipe_connection.h"

namespace iocp_net {

PostTimer::~PostTimer() {
  if (timer_ == nullptr) return;
  Cancel();
  ::CloseThreadpoolTimer(timer_);
}

bool PostTimer::Start(CompletionQueue& queue, IoOperation& operation, uint32_t delay_ms) {
  if (timer_ == nullptr) timer_ = ::CreateThreadpoolTimer(Fire, this, nullptr);
  if (timer_ == nullptr) return false;
  queue_ = &queue;
  operation_ = &operation;
  posted_ = false;
  // Relative times are negative, in units of 100 ns.
  ULARGE_INTEGER due;
  due.QuadPart = static_cast<ULONGLONG>(-static_cast<int64_t>(delay_ms) * 10000);
  FILETIME time{due.LowPart, due.HighPart};
  ::SetThreadpoolTimer(timer_, &time, 0, 0);
  return true;
}

bool PostTimer::Cancel() {
  ::SetThreadpoolTimer(timer_, nullptr, 0, 0);
  ::WaitForThreadpoolTimerCallbacks(timer_, TRUE);
  return !posted_;
}

void CALLBACK PostTimer::Fire(PTP_CALLBACK_INSTANCE, void* self, PTP_TIMER) {
  auto& timer = *static_cast<PostTimer*>(self);
  timer.posted_ = true;
  timer.queue_->Post(*timer.operation_);
}

}  // namespace iocp_net
