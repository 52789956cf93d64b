// Named pipes: how they end.
//
// A pipe has no half-close: the peer sees the end only when our handle is closed, and then neither
// side can go on. So a shutdown waits until the peer has read everything, and then, while we wait
// for bytes of the peer, until it has been silent for a moment; then the pipe is closed as a whole
// and both sides see the end. A step that fails is reported, and the end comes all the same: a peer
// that waits for it would wait for ever.
#include <cassert>
#include <utility>

#include "iocp/errors.h"
#include "iocp/pipe.h"
#include "port/engine.h"
//
#include <winternl.h>

// Of ntdll.dll; Visual C++'s headers for programs leave it out.
extern "C" NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK status,
                                                 PVOID information, ULONG bytes,
                                                 FILE_INFORMATION_CLASS which);

namespace iocp_net {

namespace {

using Ending = PipeConnection::Ending;

constexpr uint32_t kSilenceMs = 50;  // as libuv

// FILE_PIPE_LOCAL_INFORMATION, which is documented for drivers alone.
struct PipeLocalInformation {
  ULONG type;
  ULONG configuration;
  ULONG instances_max;
  ULONG instances;
  ULONG inbound_quota;
  ULONG read_available;
  ULONG outbound_quota;
  ULONG write_quota_available;
  ULONG state;
  ULONG end;
};
constexpr int kPipeLocalInformation = 24;  // FilePipeLocalInformation

}  // namespace

Status Pipe::Shutdown(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  PipeConnection& connection = *native.pipe;
  assert(connection.ending == Ending::kNone);
  PipeLocalInformation information{};
  IO_STATUS_BLOCK block{};
  const NTSTATUS ntstatus =
      ::NtQueryInformationFile(native.handle, &block, &information, sizeof(information),
                               static_cast<FILE_INFORMATION_CLASS>(kPipeLocalInformation));
  native.shut = true;
  if (ntstatus < 0) {
    AfterFlush(endpoint);
    return FromNtStatus(static_cast<uint32_t>(ntstatus), During::kSend, EndpointKind::kPipe);
  }
  if (information.outbound_quota == information.write_quota_available) {
    AfterFlush(endpoint);  // the peer has read everything already
    return kOk;
  }
  connection.ending = Ending::kFlushing;
  PipeWork& work = connection.Work(*this);
  queue_.Begin(endpoint, work.flush);
  const uint32_t error =
      work.call.Start(queue_, work.flush, [handle = native.handle]() -> uint32_t {
        // Its failure means that the peer is gone, and that is as good.
        ::FlushFileBuffers(handle);
        return 0;
      });
  if (error != 0) {
    queue_.End(work.flush);
    AfterFlush(endpoint);
    return FromSystemError(error, During::kSend);
  }
  return UV__EAGAIN;
}

void FlushOperation::Complete(Transport&, Endpoint& owner, Status, size_t) {
  pipe.OnFlushed(owner);
}

void SilenceOperation::Complete(Transport&, Endpoint& owner, Status, size_t) {
  pipe.OnSilence(owner);
}

void Pipe::OnFlushed(Endpoint& endpoint) {
  PipeConnection& connection = *endpoint.native.pipe;
  assert(connection.ending == Ending::kFlushing);
  const uint32_t error = connection.work->call.error();  // of one that never ran
  AfterFlush(endpoint);
  engine_.OnShut(endpoint, FromSystemError(error, During::kSend));
}

void Pipe::OnSilence(Endpoint& endpoint) {
  assert(endpoint.native.pipe->ending == Ending::kTiming);
  endpoint.native.pipe->ending = Ending::kFlushed;
  EndWhenSilent(endpoint);
}

void Pipe::AfterFlush(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  native.pipe->ending = Ending::kFlushed;
  if (endpoint.incoming == Incoming::kOver || native.receive_status == UV__EOF) {
    // The peer's direction has ended too: nothing is left to wait for.
    Handle(std::exchange(native.handle, INVALID_HANDLE_VALUE)).Close();
    native.pipe->ending = Ending::kForced;
  } else if (native.receive.in_flight) {
    StartTimer(endpoint);
  }
}

// Runs while a receive is in flight; the next receive starts it again.
void Pipe::StartTimer(Endpoint& endpoint) {
  PipeConnection& connection = *endpoint.native.pipe;
  PipeWork& work = connection.Work(*this);
  queue_.Begin(endpoint, work.silence);
  if (work.timer.Start(queue_, work.silence, kSilenceMs)) {
    connection.ending = Ending::kTiming;
    return;
  }
  queue_.End(work.silence);
  EndNow(endpoint);  // no timers: no mercy
}

void Pipe::EndWhenSilent(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  if (!native.receive.in_flight) return;  // something came; its receive goes on
  const auto silent_ms = static_cast<uint32_t>(::GetTickCount64()) - native.received_at_ms;
  if (silent_ms < kSilenceMs) {
    StartTimer(endpoint);
    return;
  }
  EndNow(endpoint);
}

void Pipe::EndNow(Endpoint& endpoint) {
  NativeEndpoint& native = endpoint.native;
  native.pipe->ending = Ending::kForced;
  ::CancelIoEx(native.handle, &native.receive);
  Handle(std::exchange(native.handle, INVALID_HANDLE_VALUE)).Close();
}

void Pipe::OnReceived(Endpoint& endpoint, Status status, size_t bytes) {
  // What we have ended ourselves has ended, whatever the cancelled receive says.
  const bool forced = endpoint.native.pipe->ending == Ending::kForced;
  Transport::OnReceived(endpoint, forced && status != kOk ? UV__EOF : status, bytes);
}

void Pipe::BeginClose(Endpoint& endpoint, CloseHow) {
  NativeEndpoint& native = endpoint.native;
  if (native.listener != nullptr) {
    native.listener->Close(endpoint);
    return;
  }
  if (PipeWork* const work = native.pipe->work.get(); work != nullptr) {
    work->call.Cancel();
    if (native.pipe->ending == Ending::kTiming && work->timer.Cancel()) {
      queue_.End(work->silence);
    }
  }
  if (native.handle == INVALID_HANDLE_VALUE) return;
  // The peer can still read what the pipe has taken.
  if (native.in_flight > 0) ::CancelIoEx(native.handle, nullptr);
  Handle(std::exchange(native.handle, INVALID_HANDLE_VALUE)).Close();
}

}  // namespace iocp_net
