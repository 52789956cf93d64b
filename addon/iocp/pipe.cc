// Named pipes: opening and transfers. How they end is in pipe_end.cc.
#include "iocp/pipe.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "iocp/errors.h"
#include "iocp/pipe_listener.h"
#include "iocp/pipe_name.h"
#include "port/engine.h"

namespace iocp_net {

namespace {

constexpr DWORD kBusyTimeoutMs = 30000;  // as libuv waits for a free instance
// Small writes that wait together leave together: a pipe takes one buffer at a time.
constexpr size_t kCoalesceBytesMax = 64 * 1024;

// Both directions, or the one that the access list allows.
uint32_t OpenClient(const std::wstring& name, Handle* pipe) {
  uint32_t error = 0;
  constexpr DWORD kAccess[] = {GENERIC_READ | GENERIC_WRITE, GENERIC_READ | FILE_WRITE_ATTRIBUTES,
                               GENERIC_WRITE | FILE_READ_ATTRIBUTES};
  for (const DWORD access : kAccess) {
    *pipe = Handle(::CreateFileW(name.c_str(), access, 0, nullptr, OPEN_EXISTING,
                                 FILE_FLAG_OVERLAPPED, nullptr));
    if (pipe->valid()) return 0;
    error = ::GetLastError();
    if (error != ERROR_ACCESS_DENIED) break;
  }
  return error;
}

// On a pool thread: waits until the server offers a free instance, and until we are the one to get
// it.
uint32_t WaitAndOpen(const std::wstring& name, const BlockingCall& call, Handle* pipe) {
  uint32_t error = ERROR_PIPE_BUSY;
  while (error == ERROR_PIPE_BUSY && !call.Cancelled()) {
    if (!::WaitNamedPipeW(name.c_str(), kBusyTimeoutMs)) return ::GetLastError();
    error = OpenClient(name, pipe);
  }
  return error;
}

// Anything with a path can be opened; only a pipe, in byte mode, is one of ours.
Status SetByteMode(HANDLE pipe) {
  DWORD mode = PIPE_READMODE_BYTE | PIPE_WAIT;
  if (::SetNamedPipeHandleState(pipe, &mode, nullptr, nullptr)) return kOk;
  const uint32_t error = ::GetLastError();
  if (error == ERROR_ACCESS_DENIED) {
    // Opened for one direction, we may not set what is probably so already.
    if (!::GetNamedPipeHandleStateW(pipe, &mode, nullptr, nullptr, nullptr, nullptr, 0)) {
      return FromSystemError(::GetLastError());
    }
    return (mode & PIPE_NOWAIT) != 0 ? UV__EACCES : kOk;
  }
  return error == ERROR_INVALID_PARAMETER ? UV__ENOTSOCK : FromSystemError(error);
}

}  // namespace

Status Pipe::Open() {
  event_ = Handle(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  return event_.valid() ? kOk : FromSystemError(::GetLastError());
}

Status Pipe::Listen(Endpoint& endpoint, const Address& address, int32_t, int32_t) {
  std::wstring name;
  if (Status status = ToPipeName(address.host, &name); status != kOk) return status;
  auto listener = std::make_unique<PipeListener>(queue_, address.host, std::move(name));
  if (Status status = listener->Claim(); status != kOk) return status;
  if (Status status = listener->Start(endpoint, PipeListener::kPoolSize); status != kOk) {
    return status;
  }
  endpoint.native.listener = std::move(listener);
  if (endpoint.native.listener->Acceptable(endpoint)) engine_.OnAcceptable(endpoint);
  return kOk;
}

Status Pipe::Accept(Endpoint& listener, Endpoint& fresh) {
  const Status status = Transport::Accept(listener, fresh);
  if (status == kOk) {
    fresh.native.pipe = std::make_unique<PipeConnection>(
        static_cast<PipeListener&>(*listener.native.listener).text());
  }
  return status;
}

// Every failure is reported later, and as libuv's.
Status Pipe::Connect(Endpoint& endpoint, const Address& peer, const Address*,
                     ConnectStage* failed) {
  *failed = ConnectStage::kConnect;
  std::wstring name;
  if (Status status = ToPipeName(peer.host, &name); status != kOk) return status;
  NativeEndpoint& native = endpoint.native;
  native.pipe = std::make_unique<PipeConnection>(std::make_shared<const std::string>(peer.host));
  native.connecting = std::make_unique<ConnectOperation>();
  ConnectOperation& connect = *native.connecting;
  queue_.Begin(endpoint, connect);

  Handle pipe;
  const uint32_t error = OpenClient(name, &pipe);
  if (error != ERROR_PIPE_BUSY) {
    const Status status = error == 0 ? Adopt(endpoint, std::move(pipe)) : FromSystemError(error);
    queue_.Decide(connect, status);
    return kOk;
  }
  PipeWork& work = native.pipe->Work(*this);
  const uint32_t started = work.call.Start(queue_, connect, [name = std::move(name), &work] {
    return WaitAndOpen(name, work.call, &work.opened);
  });
  if (started != 0) queue_.Decide(connect, FromSystemError(started));
  return kOk;
}

Status Pipe::Adopt(Endpoint& endpoint, Handle pipe) {
  if (const Status status = SetByteMode(pipe.get()); status != kOk) return status;
  endpoint.native.skip_on_success = true;
  if (const Status status = queue_.Associate(pipe.get(), &endpoint.native.skip_on_success);
      status != kOk) {
    return status;
  }
  endpoint.native.handle = pipe.Release();
  return kOk;
}

void Pipe::OnConnected(Endpoint& endpoint, Status status) {
  if (status == kOk && endpoint.native.handle == INVALID_HANDLE_VALUE) {
    PipeWork& work = endpoint.native.pipe->Work(*this);
    status = FromSystemError(work.call.error());
    if (status == kOk) status = Adopt(endpoint, std::move(work.opened));
  }
  engine_.OnConnected(endpoint, status);
}

uint32_t Pipe::StartReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max, size_t* bytes) {
  NativeEndpoint& native = endpoint.native;
  const uint32_t error =
      ::ReadFile(native.handle, into, static_cast<DWORD>(bytes_max), nullptr, &native.receive)
          ? 0
          : ::GetLastError();
  *bytes = native.receive.InternalHigh;
  if (error == ERROR_IO_PENDING && native.pipe->ending == PipeConnection::Ending::kFlushed) {
    StartTimer(endpoint);
  }
  return error;
}

size_t Pipe::TryAvailable(Endpoint& endpoint) {
  DWORD bytes = 0;
  const HANDLE pipe = endpoint.native.handle;
  return ::PeekNamedPipe(pipe, nullptr, 0, nullptr, &bytes, nullptr) ? bytes : 0;
}

uint32_t Pipe::TryReceive(Endpoint& endpoint, uint8_t* into, size_t bytes_max, size_t* bytes) {
  const HANDLE pipe = endpoint.native.handle;
  if (pipe == INVALID_HANDLE_VALUE) return ERROR_BROKEN_PIPE;  // we have ended it
  DWORD available = 0;
  if (!::PeekNamedPipe(pipe, nullptr, 0, nullptr, &available, nullptr)) return ::GetLastError();
  if (available == 0) return ERROR_NO_DATA;
  // It ends at once, and with this tag on the event leaves no packet.
  OVERLAPPED overlapped{};
  overlapped.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<uintptr_t>(event_.get()) | 1);
  const auto wanted = static_cast<DWORD>(std::min<size_t>(available, bytes_max));
  if (!::ReadFile(pipe, into, wanted, nullptr, &overlapped) &&
      ::GetLastError() != ERROR_IO_PENDING) {
    return ::GetLastError();
  }
  DWORD received = 0;
  if (!::GetOverlappedResult(pipe, &overlapped, &received, TRUE)) return ::GetLastError();
  *bytes = received;
  return 0;
}

// A pipe cannot be asked to take what it can: everything goes through the queue.
Transfer Pipe::Send(Endpoint&, Spans) { return Transfer::WouldBlock(); }

uint32_t Pipe::StartSend(Endpoint& endpoint, SendOperation& operation, Spans spans, size_t* bytes) {
  Span whole = spans[0];
  if (spans.size() > 1 && whole.size() + spans[1].size() <= kCoalesceBytesMax) {
    size_t total = 0;
    size_t used = 0;
    while (used < spans.size() && total + spans[used].size() <= kCoalesceBytesMax) {
      total += spans[used++].size();
    }
    operation.copy = std::make_unique<uint8_t[]>(total);
    size_t at = 0;
    for (size_t i = 0; i < used; i++) {
      std::memcpy(operation.copy.get() + at, spans[i].data(), spans[i].size());
      at += spans[i].size();
    }
    whole = Span(operation.copy.get(), total);
  }
  const auto length = static_cast<DWORD>(std::min(whole.size(), kSendBytesMax));
  if (!::WriteFile(endpoint.native.handle, whole.data(), length, nullptr, &operation)) {
    return ::GetLastError();
  }
  *bytes = operation.InternalHigh;
  return 0;
}

Status Pipe::SetOption(Endpoint& endpoint, Option option, int32_t a, int32_t b, int32_t, int32_t) {
  if (option != Option::kPipeMode) return UV__ENOTSUP;
  if (endpoint.native.listener == nullptr) return UV__EINVAL;
  return static_cast<PipeListener&>(*endpoint.native.listener).OpenToAll(a != 0, b != 0);
}

Status Pipe::LocalAddress(Endpoint& endpoint, Address* address) {
  address->kind = EndpointKind::kPipe;
  // Only the listener has a name of its own, as on Linux.
  address->host = endpoint.native.listener == nullptr
                      ? std::string()
                      : *static_cast<PipeListener&>(*endpoint.native.listener).text();
  return kOk;
}

Status Pipe::PeerAddress(Endpoint& endpoint, Address* address) {
  if (endpoint.native.pipe == nullptr) return UV__ENOTCONN;
  address->kind = EndpointKind::kPipe;
  address->host = *endpoint.native.pipe->name;
  return kOk;
}

}  // namespace iocp_net
