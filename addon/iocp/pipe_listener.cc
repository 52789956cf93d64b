#include "iocp/pipe_listener.h"

#include <utility>

#include "iocp/completion_queue.h"
#include "iocp/errors.h"
#include "iocp/pipe_security.h"
#include "port/endpoint.h"

namespace iocp_net {

namespace {

constexpr DWORD kBufferBytes = 64 * 1024;  // as libuv

}  // namespace

Status PipeListener::Create(DWORD first, Handle* pipe) const {
  *pipe = Handle(::CreateNamedPipeW(
      name_.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | WRITE_DAC | first,
      PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, PIPE_UNLIMITED_INSTANCES, kBufferBytes,
      kBufferBytes, 0, nullptr));
  return pipe->valid() ? kOk : FromSystemError(::GetLastError());
}

Status PipeListener::Claim() {
  const Status status = Create(FILE_FLAG_FIRST_PIPE_INSTANCE, &first_);
  // libuv's names for them: the name is taken; a path that is no pipe's name is not permitted.
  if (status == UV__EPERM) return UV__EADDRINUSE;
  return status == UV__ENOENT ? UV__EACCES : status;
}

Posted PipeListener::Post(Endpoint& endpoint, AcceptOperation& operation) {
  Handle pipe(std::move(first_));
  if (!pipe.valid()) {
    if (const Status status = Create(0, &pipe); status != kOk) return Posted::Failed(status);
  }
  operation.skip_on_success = true;
  if (const Status status = queue_.Associate(pipe.get(), &operation.skip_on_success);
      status != kOk) {
    return Posted::Failed(status);
  }
  queue_.Begin(endpoint, operation);
  const uint32_t error = ::ConnectNamedPipe(pipe.get(), &operation) ? 0 : ::GetLastError();
  const bool pending = error == ERROR_IO_PENDING || (error == 0 && !operation.skip_on_success);
  // A client that was faster; the second one has even gone again, but its bytes can be read.
  const bool connected = error == 0 || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
  if (!pending) queue_.End(operation);
  if (!pending && !connected) return Posted::Failed(FromSystemError(error));
  operation.handle = pipe.Release();
  return pending ? Posted::InFlight() : Posted::Arrived();
}

bool PipeListener::Finish(Endpoint&, AcceptOperation&) { return true; }

void PipeListener::CloseConnection(AcceptOperation& operation) {
  Handle(std::exchange(operation.handle, INVALID_HANDLE_VALUE)).Close();
}

void PipeListener::Close(Endpoint&) {
  for (const auto& operation : operations_) {
    if (operation->in_flight) ::CancelIoEx(operation->handle, operation.get());
    CloseConnection(*operation);
  }
  first_.Close();
}

Status PipeListener::OpenToAll(bool readable, bool writable) {
  for (const auto& operation : operations_) {
    if (operation->handle != INVALID_HANDLE_VALUE) {
      return GrantToEveryone(operation->handle, readable, writable);
    }
  }
  return UV__EBADF;
}

}  // namespace iocp_net
