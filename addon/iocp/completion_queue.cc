#include "iocp/completion_queue.h"

#include <cassert>

#include "iocp/errors.h"
#include "port/endpoint.h"

namespace iocp_net {

namespace {

constexpr ULONG kEntriesMax = 256;
static_assert(kEntriesMax >= Sleeper::kEntriesMax);
constexpr int kBatchesMax = 4;  // of one Wait, so that the loop gets its turn

}  // namespace

Status CompletionQueue::Open() {
  // One running thread: while the loop's thread works, the system does not release the helper.
  port_ = Handle(::CreateIoCompletionPort(INVALID_HANDLE_VALUE, nullptr, 0, 1));
  return port_.valid() ? kOk : FromSystemError(::GetLastError());
}

Status CompletionQueue::Associate(HANDLE handle, bool* skip_on_success) {
  if (::CreateIoCompletionPort(handle, port_.get(), 0, 0) == nullptr) {
    return FromSystemError(::GetLastError());
  }
  const UCHAR skip = *skip_on_success ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0;
  if (!::SetFileCompletionNotificationModes(
          handle, static_cast<UCHAR>(skip | FILE_SKIP_SET_EVENT_ON_HANDLE))) {
    *skip_on_success = false;
  }
  return kOk;
}

void CompletionQueue::Begin(Endpoint& endpoint, IoOperation& operation) {
  assert(!operation.in_flight);
  operation.ClearOverlapped();
  operation.endpoint = &endpoint;
  operation.in_flight = true;
  endpoint.native.in_flight++;
}

void CompletionQueue::End(IoOperation& operation) {
  assert(operation.in_flight);
  operation.in_flight = false;
  assert(operation.endpoint->native.in_flight > 0);
  operation.endpoint->native.in_flight--;
}

void CompletionQueue::Decide(IoOperation& operation, Status status, size_t bytes) {
  assert(operation.in_flight);
  operation.status = status;
  operation.InternalHigh = bytes;
  decided_.push_back(&operation);
}

void CompletionQueue::Post(IoOperation& operation) {
  // Fails only for want of memory; the operation must not be lost.
  while (!::PostQueuedCompletionStatus(port_.get(), 0, 0, &operation)) ::Sleep(1);
}

int32_t CompletionQueue::DispatchEntries(const OVERLAPPED_ENTRY* entries, ULONG count,
                                         Dispatcher& dispatcher) {
  int32_t events = 0;
  for (ULONG i = 0; i < count; i++) {
    if (entries[i].lpOverlapped == nullptr) continue;  // a stop of the helper that came too late
    auto& operation = *static_cast<IoOperation*>(entries[i].lpOverlapped);
    const auto ntstatus = static_cast<uint32_t>(entries[i].lpOverlapped->Internal);
    End(operation);
    dispatcher.Dispatch(operation,
                        FromNtStatus(ntstatus, operation.during, operation.endpoint->kind),
                        entries[i].dwNumberOfBytesTransferred);
    events++;
  }
  return events;
}

int32_t CompletionQueue::DispatchDecided(Dispatcher& dispatcher) {
  if (decided_.empty()) return 0;
  std::vector<IoOperation*> decided;
  decided.swap(decided_);  // what these start is for the next Wait
  for (IoOperation* const operation : decided) {
    End(*operation);
    dispatcher.Dispatch(*operation, operation->status, operation->InternalHigh);
  }
  return static_cast<int32_t>(decided.size());
}

int32_t CompletionQueue::Wait(int32_t timeout_ms, Dispatcher& dispatcher) {
  OVERLAPPED_ENTRY entries[kEntriesMax];
  int32_t events = DispatchDecided(dispatcher);
  if (sleeper_ != nullptr) {
    if (timeout_ms != 0) sleeper_->Stop();
    events += DispatchEntries(entries, sleeper_->Collect(entries), dispatcher);
  }
  drained_ = false;
  DWORD timeout = events > 0 || !decided_.empty() ? 0 : static_cast<DWORD>(timeout_ms);
  for (int batch = 0; batch < kBatchesMax; batch++) {
    ULONG count = 0;
    if (!::GetQueuedCompletionStatusEx(port_.get(), entries, kEntriesMax, &count, timeout, FALSE)) {
      if (::GetLastError() != WAIT_TIMEOUT) return events > 0 ? events : -1;
      drained_ = batch == 0 && events == 0;
      break;
    }
    events += DispatchEntries(entries, count, dispatcher);
    if (count < kEntriesMax) break;
    timeout = 0;
  }
  return events;
}

Status CompletionQueue::StartSleeper(Sleeper::Wake wake, void* argument) {
  wake_ = wake;
  wake_argument_ = argument;
  sleeper_ = std::make_unique<Sleeper>(port_.get(), wake, argument);
  const Status status = sleeper_->Start();
  if (status != kOk) sleeper_.reset();
  return status;
}

void CompletionQueue::Arm() {
  if (sleeper_ == nullptr) return;
  if (decided_.empty()) {
    sleeper_->Arm();
  } else {
    wake_(wake_argument_);
  }
}

}  // namespace iocp_net
