#include "iocp/tcp_listener.h"

#include <utility>

#include "iocp/completion_queue.h"
#include "iocp/errors.h"
#include "iocp/winsock.h"
#include "port/endpoint.h"

namespace iocp_net {

Posted TcpListener::Post(Endpoint& endpoint, AcceptOperation& operation) {
  Socket socket;
  if (const Status status = OpenSocket(family_, &socket); status != kOk) {
    return Posted::Failed(status);
  }
  operation.skip_on_success = provider_.skip_on_success;
  if (const Status status = queue_.Associate(AsHandle(socket.get()), &operation.skip_on_success);
      status != kOk) {
    return Posted::Failed(status);
  }
  queue_.Begin(endpoint, operation);
  DWORD bytes = 0;
  const BOOL done = provider_.accept_ex(AsSocket(endpoint.native.handle), socket.get(),
                                        operation.addresses, 0, AcceptOperation::kAddressBytes,
                                        AcceptOperation::kAddressBytes, &bytes, &operation);
  const int error = done ? 0 : ::WSAGetLastError();
  if (error != 0 && error != WSA_IO_PENDING) {
    queue_.End(operation);
    return Posted::Failed(FromSystemError(static_cast<uint32_t>(error)));
  }
  operation.handle = AsHandle(socket.Release());
  if (error == WSA_IO_PENDING || !endpoint.native.skip_on_success) return Posted::InFlight();
  queue_.End(operation);
  return Posted::Arrived();
}

// Without this the accepted socket knows neither its addresses nor shutdown().
bool TcpListener::Finish(Endpoint& endpoint, AcceptOperation& operation) {
  const SOCKET listening = AsSocket(endpoint.native.handle);
  return ::setsockopt(AsSocket(operation.handle), SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT,
                      reinterpret_cast<const char*>(&listening), sizeof(listening)) == 0;
}

void TcpListener::CloseConnection(AcceptOperation& operation) {
  if (operation.handle == INVALID_HANDLE_VALUE) return;
  ::closesocket(AsSocket(std::exchange(operation.handle, INVALID_HANDLE_VALUE)));
}

void TcpListener::Close(Endpoint& endpoint) {
  HANDLE& listening = endpoint.native.handle;
  ::CancelIoEx(listening, nullptr);
  ::closesocket(AsSocket(std::exchange(listening, INVALID_HANDLE_VALUE)));
  // Those in flight too: their operations end with them, if the cancelling has not ended them.
  for (const auto& operation : operations_) CloseConnection(*operation);
}

}  // namespace iocp_net
