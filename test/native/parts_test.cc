// The small parts of the port: queue, rings, table.
#include <doctest.h>

#include <string>
#include <vector>

#include "harness.h"
#include "port/endpoint.h"
#include "port/rings.h"
#include "port/send_queue.h"

namespace iocp_net::test {

namespace {

Span Of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string Text(const SendQueue& queue) {
  Span spans[16];
  std::string text;
  for (const Span& span : queue.Gather(spans)) {
    text.append(reinterpret_cast<const char*>(span.data()), span.size());
  }
  return text;
}

}  // namespace

TEST_CASE("send queue: keeps order, takes parts, counts bytes, all by reference") {
  SendQueue queue;
  const std::string parts[] = {"one", "borrowed", "two", ""};
  for (const std::string& part : parts) queue.Append(Of(part));
  Span spans[16];
  CHECK(queue.Gather(std::span(spans).first(2)).size() == 2);
  REQUIRE(queue.Gather(spans).size() == 3);
  CHECK(spans[1].data() == Of(parts[1]).data());
  CHECK(queue.Bytes() == 14);
  CHECK(Text(queue) == "oneborrowedtwo");
  queue.Consume(5);
  CHECK(Text(queue) == "rrowedtwo");
  CHECK(queue.Bytes() == 9);
  queue.Consume(9);
  CHECK(queue.Empty());
  CHECK(queue.Bytes() == 0);
}

TEST_CASE("completion ring: what does not fit waits in order") {
  std::vector<int32_t> control(kControlWords);
  CompletionRing ring(control.data());
  const int32_t total = kCompletionCapacity * 2 + 7;
  for (int32_t i = 0; i < total; i++) ring.Post({Completion::kSent, i, 1, 0, 0, 0});
  CHECK(ring.Length() == kCompletionCapacity);
  CHECK_FALSE(ring.HasRoom());
  int32_t expected = 0;
  while (!ring.Empty()) {
    ring.Refill();
    REQUIRE(ring.Length() > 0);
    int32_t& head = control[kCompletionHead];
    const int32_t at = kCompletionWords + (head & (kCompletionCapacity - 1)) * kRecordWords;
    REQUIRE(control[static_cast<size_t>(at + 1)] == expected);
    expected++;
    head++;
    // A later one must not overtake those that wait.
    if (expected == 3) ring.Post({Completion::kSent, total, 1, 0, 0, 0});
  }
  CHECK(expected == total + 1);
}

TEST_CASE("completion ring: what JavaScript makes of its head leads nowhere") {
  std::vector<int32_t> control(kControlWords);
  CompletionRing ring(control.data());
  for (const int32_t head : {INT32_MIN, -1, 1, 5, kCompletionCapacity + 1, INT32_MAX}) {
    control[kCompletionHead] = head;
    control[kCompletionTail] = ~head;  // nor does its tail
    ring.Post({Completion::kSent, head, 1, 0, 0, 0});
    ring.Refill();
    CHECK(ring.Length() >= 0);
    CHECK(ring.Length() <= kCompletionCapacity);
  }
}

TEST_CASE("submission ring: a tail that cannot be is no submission, and a head is the port's own") {
  std::vector<int32_t> control(kControlWords);
  SubmissionRing ring(control.data());
  for (const int32_t tail : {-1, INT32_MIN, INT32_MAX, kSubmissionCapacity + 1}) {
    control[kSubmissionTail] = tail;
    CHECK(ring.Empty());
  }
  control[kSubmissionTail] = 2;
  control[kSubmissionWords + kRecordWords + kSubmissionIndex] = 7;
  ring.Take();
  control[kSubmissionHead] = 12345;
  CHECK(ring.Take().index == 7);
  CHECK(ring.Empty());
}

TEST_CASE("rings: indices pass the end of their range") {
  std::vector<int32_t> control(kControlWords);
  SubmissionRing submissions(control.data());
  CompletionRing completions(control.data());
  // As far as 32 bits go would take hours; the arithmetic is the same one that JavaScript does.
  for (int32_t i = 0; i < 3 * kSubmissionCapacity; i++) {
    completions.Post({Completion::kSent, i, 1, 0, 0, 0});
    CHECK(completions.Length() == 1);
    control[kCompletionHead] = control[kCompletionTail];
    control[kSubmissionTail]++;
    submissions.Take();
    CHECK(submissions.Empty());
  }
}

TEST_CASE("endpoint table: a slot comes back with another generation") {
  EndpointTable table;
  Endpoint& first = table.Allocate();
  first.state = EndpointState::kOpen;
  const auto index = static_cast<int32_t>(first.index);
  const int32_t generation = first.generation;
  CHECK(table.Find(index, generation) == &first);
  table.Free(first);
  CHECK(table.Open() == 0);
  CHECK(table.Find(index, generation) == nullptr);
  CHECK(table.Find(index, generation + 1) == nullptr);  // free
  CHECK(table.Find(-1, 1) == nullptr);
  CHECK(table.Find(INT32_MAX, 1) == nullptr);
}

TEST_CASE("endpoint table: generations start over, and addresses never move") {
  EndpointTable table;
  Endpoint& first = table.Allocate();
  first.state = EndpointState::kOpen;
  first.generation = INT32_MAX;
  std::vector<Endpoint*> more;
  for (int i = 0; i < 1000; i++) {
    more.push_back(&table.Allocate());
    more.back()->state = EndpointState::kOpen;
  }
  CHECK(table.Find(static_cast<int32_t>(first.index), INT32_MAX) == &first);
  table.Free(first);
  CHECK(first.generation == 1);
  CHECK(table.Open() == 1000);
}

}  // namespace iocp_net::test
