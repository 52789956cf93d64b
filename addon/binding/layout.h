// The constants of port/layout.h as one JavaScript object.
#ifndef IOCP_NET_BINDING_LAYOUT_H_
#define IOCP_NET_BINDING_LAYOUT_H_

#include <napi.h>
#include <uv.h>

#include "port/layout.h"

namespace iocp_net {

inline Napi::Object LayoutObject(Napi::Env env) {
  Napi::Object layout = Napi::Object::New(env);
  const auto set = [&](const char* name, auto value) {
    layout.Set(name, Napi::Number::New(env, static_cast<double>(value)));
  };
  set("submissionHead", kSubmissionHead);
  set("submissionTail", kSubmissionTail);
  set("completionHead", kCompletionHead);
  set("completionTail", kCompletionTail);
  set("slabUsed", kSlabUsed);
  set("replyIndex", kReplyIndex);
  set("replyGeneration", kReplyGeneration);
  set("replyKind", kReplyKind);

  set("recordWords", kRecordWords);
  set("submissionWords", kSubmissionWords);
  set("submissionCapacity", kSubmissionCapacity);
  set("completionWords", kCompletionWords);
  set("completionCapacity", kCompletionCapacity);
  set("slabBytes", kSlabBytes);
  set("arenaBytes", kArenaBytes);
  set("receiveBytesMax", kReceiveBytesMax);
  set("largeReceiveBytesMin", kLargeReceiveBytesMin);

  set("send", Operation::kSend);
  set("receiveStart", Operation::kReceiveStart);
  set("receiveStop", Operation::kReceiveStop);
  set("shutdown", Operation::kShutdown);
  set("close", Operation::kClose);
  set("acceptStart", Operation::kAcceptStart);
  set("closeGraceful", CloseHow::kGraceful);
  set("closeReset", CloseHow::kReset);
  set("closeHandOver", CloseHow::kHandOver);

  set("accepted", Completion::kAccepted);
  set("connected", Completion::kConnected);
  set("received", Completion::kReceived);
  set("ended", Completion::kEnded);
  set("receiveFailed", Completion::kReceiveFailed);
  set("stalled", Completion::kStalled);
  set("sent", Completion::kSent);
  set("shut", Completion::kShut);
  set("closed", Completion::kClosed);
  set("acceptFailed", Completion::kAcceptFailed);
  set("receivable", Completion::kReceivable);
  set("broken", Completion::kBroken);
  set("again", UV_EAGAIN);

  set("optionNoDelay", Option::kNoDelay);
  set("optionKeepAlive", Option::kKeepAlive);
  set("optionSendBufferBytes", Option::kSendBufferBytes);
  set("optionReceiveBufferBytes", Option::kReceiveBufferBytes);
  set("optionTypeOfService", Option::kTypeOfService);
  set("optionPipeMode", Option::kPipeMode);

  set("ipv6Only", kIpv6Only);
  set("reusePort", kReusePort);
  set("adoptListener", kAdoptListener);
  set("adoptDuplicate", kAdoptDuplicate);
  set("stageBind", ConnectStage::kBind);
  set("stageConnect", ConnectStage::kConnect);
  set("kindTcp", EndpointKind::kTcp);
  set("kindPipe", EndpointKind::kPipe);

  Napi::Object counters = Napi::Object::New(env);
  const auto count = [&](const char* name, Counter counter) {
    counters.Set(name, Napi::Number::New(env, counter));
  };
  count("batches", kBatches);
  count("completions", kCompletions);
  count("submissions", kSubmissions);
  count("nativeCalls", kNativeCalls);
  count("acceptedEndpoints", kAcceptedEndpoints);
  count("connectedEndpoints", kConnectedEndpoints);
  count("openEndpoints", kOpenEndpoints);
  count("bytesReceived", kBytesReceived);
  count("bytesSent", kBytesSent);
  count("receiveCalls", kReceiveCalls);
  count("sendCalls", kSendCalls);
  count("waitCalls", kWaitCalls);
  count("adoptedEndpoints", kAdoptedEndpoints);
  layout.Set("counters", counters);
  return layout;
}

}  // namespace iocp_net

#endif  // IOCP_NET_BINDING_LAYOUT_H_
