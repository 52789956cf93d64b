// A pipe's name: a pool of instances, each waiting for its one client.
#ifndef IOCP_NET_IOCP_PIPE_LISTENER_H_
#define IOCP_NET_IOCP_PIPE_LISTENER_H_

#include <memory>
#include <string>
#include <utility>

#include "iocp/accept_pool.h"
#include "iocp/handle.h"

namespace iocp_net {

class CompletionQueue;

class PipeListener final : public AcceptPool {
 public:
  // There is no backlog besides these: a client that finds none free has to wait for one.
  static constexpr size_t kPoolSize = 8;

  PipeListener(CompletionQueue& queue, std::string text, std::wstring name)
      : text_(std::make_shared<const std::string>(std::move(text))),
        queue_(queue),
        name_(std::move(name)) {}

  const std::shared_ptr<const std::string>& text() const { return text_; }
  // Claims the name: fails when any instance of it exists already. Before Start.
  Status Claim();
  // Lets everybody read, or write. The instances of a name share one access list.
  Status OpenToAll(bool readable, bool writable);
  void Close(Endpoint& endpoint) override;

 private:
  Posted Post(Endpoint& endpoint, AcceptOperation& operation) override;
  bool Finish(Endpoint& endpoint, AcceptOperation& operation) override;
  void CloseConnection(AcceptOperation& operation) override;
  Status Create(DWORD first, Handle* pipe) const;

  const std::shared_ptr<const std::string> text_;
  CompletionQueue& queue_;
  const std::wstring name_;
  Handle first_;  // claimed, and not waiting yet
};

}  // namespace iocp_net

#endif  // IOCP_NET_IOCP_PIPE_LISTENER_H_
