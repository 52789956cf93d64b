// The calls for named pipes. On the threads that open and flush them no injector is armed: what
// fails there is decided when the work is handed over.
#ifdef _WIN32
#include <memory>
#include <utility>

#include "harness.h"
#include "injector.h"
#include "interpose_iocp.h"
//
#include <aclapi.h>
#include <winternl.h>

namespace iocp_net::test {

namespace {

constexpr ULONGLONG kNoTimersMs = 100;
constexpr DWORD kWaitMs = 500;
constexpr int kPipeLocalInformation = 24;  // FilePipeLocalInformation

bool IsPipe(HANDLE handle) {
  const Role role = RoleOf(handle);
  return role == Role::kClientPipe || role == Role::kServerPipe;
}

// ---- work on other threads ----

struct Work {
  PTP_SIMPLE_CALLBACK callback;
  PVOID argument;
  const FaultRow* row;  // null: nothing fails
};

thread_local Work* running = nullptr;
thread_local bool opens = false;  // what is handed over next is an opening; else it is a flush
thread_local int64_t flushed = -1;
thread_local int denials = 0;  // of the attempts with less access, after the one that was denied

void CALLBACK RunWork(PTP_CALLBACK_INSTANCE instance, PVOID argument) {
  const std::unique_ptr<Work> work(static_cast<Work*>(argument));
  running = work.get();
  work->callback(instance, work->argument);
  running = nullptr;
}

// Once.
bool WorkFails(std::string_view call) {
  if (running == nullptr || running->row == nullptr || running->row->call != call) return false;
  ::SetLastError(static_cast<DWORD>(std::exchange(running->row, nullptr)->error));
  return true;
}

BOOL WINAPI Submit(PTP_SIMPLE_CALLBACK callback, PVOID argument, PTP_CALLBACK_ENVIRON environment) {
  using Function = BOOL(WINAPI*)(PTP_SIMPLE_CALLBACK, PVOID, PTP_CALLBACK_ENVIRON);
  static const auto real = Real<Function>(L"kernel32.dll", "TrySubmitThreadpoolCallback");
  Injector* const injector = ArmedInjector();
  if (injector == nullptr) return real(callback, argument, environment);
  constexpr const char* kOpening[] = {"TrySubmitThreadpoolCallback (an opening)",
                                      "OpenThread (an opening)", "WaitNamedPipeW",
                                      "CreateFileW (after a wait)"};
  constexpr const char* kFlush[] = {"TrySubmitThreadpoolCallback (a flush)", "OpenThread (a flush)",
                                    "FlushFileBuffers"};
  const bool opening = std::exchange(opens, false);
  const auto calls =
      opening ? std::span<const char* const>(kOpening) : std::span<const char* const>(kFlush);
  const FaultRow* row = nullptr;
  for (const char* const call : calls) {
    row = injector->Strike(call, opening ? -1 : flushed);
    if (row != nullptr && call == calls.front()) {
      ::SetLastError(static_cast<DWORD>(row->error));
      return FALSE;
    }
    if (row != nullptr) break;
  }
  auto work = std::make_unique<Work>(Work{callback, argument, row});
  if (!real(RunWork, work.get(), environment)) return FALSE;
  static_cast<void>(work.release());  // NOLINT: the thread's now
  return TRUE;
}

HANDLE WINAPI OpenWorkThread(DWORD access, BOOL inherit, DWORD id) {
  using Function = HANDLE(WINAPI*)(DWORD, BOOL, DWORD);
  static const auto real = Real<Function>(L"kernel32.dll", "OpenThread");
  if (WorkFails("OpenThread (an opening)") || WorkFails("OpenThread (a flush)")) return nullptr;
  return real(access, inherit, id);
}

BOOL WINAPI CancelThread(HANDLE thread) {
  using Function = BOOL(WINAPI*)(HANDLE);
  static const auto real = Real<Function>(L"kernel32.dll", "CancelSynchronousIo");
  return CallFails("CancelSynchronousIo", thread) ? FALSE : real(thread);
}

// Wine now and then forgets who waits, and instances are free meanwhile: asked again it sees them.
BOOL WINAPI WaitForPipe(LPCWSTR name, DWORD timeout_ms) {
  using Function = BOOL(WINAPI*)(LPCWSTR, DWORD);
  static const auto real = Real<Function>(L"kernel32.dll", "WaitNamedPipeW");
  if (WorkFails("WaitNamedPipeW")) return FALSE;
  if (running == nullptr || !UnderWine()) return real(name, timeout_ms);
  for (DWORD waited_ms = 0; waited_ms < timeout_ms; waited_ms += kWaitMs) {
    if (real(name, kWaitMs)) return TRUE;
    if (::GetLastError() != ERROR_SEM_TIMEOUT) return FALSE;
  }
  ::SetLastError(ERROR_SEM_TIMEOUT);
  return FALSE;
}

BOOL WINAPI Flush(HANDLE file) {
  using Function = BOOL(WINAPI*)(HANDLE);
  static const auto real = Real<Function>(L"kernel32.dll", "FlushFileBuffers");
  return WorkFails("FlushFileBuffers") ? FALSE : real(file);
}

// Where there is no memory for one timer there is none for the next one either, for a while.
PTP_TIMER WINAPI MakeTimer(PTP_TIMER_CALLBACK callback, PVOID argument,
                           PTP_CALLBACK_ENVIRON environment) {
  using Function = PTP_TIMER(WINAPI*)(PTP_TIMER_CALLBACK, PVOID, PTP_CALLBACK_ENVIRON);
  static const auto real = Real<Function>(L"kernel32.dll", "CreateThreadpoolTimer");
  static ULONGLONG none_until = 0;
  if (ArmedInjector() == nullptr) return real(callback, argument, environment);
  const ULONGLONG now = ::GetTickCount64();
  if (now < none_until) {
    ::SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return nullptr;
  }
  if (!CallFails("CreateThreadpoolTimer", HANDLE{nullptr})) {
    return real(callback, argument, environment);
  }
  none_until = now + kNoTimersMs;
  return nullptr;
}

// ---- opening ----

// Of names in ASCII, as the tests' are.
int64_t NameKeyOf(LPCWSTR name) {
  const std::wstring_view text(name);
  return ListenerKeyOf(std::string(text.begin(), text.end()));
}

// The last step of an engine's start.
HANDLE WINAPI MakeEvent(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name) {
  using Function = HANDLE(WINAPI*)(LPSECURITY_ATTRIBUTES, BOOL, BOOL, LPCWSTR);
  static const auto real = Real<Function>(L"kernel32.dll", "CreateEventW");
  if (Injector* const injector = ArmedInjector(); injector != nullptr) injector->probing = false;
  if (CallFails("CreateEventW", HANDLE{nullptr})) return nullptr;
  return real(security, manual, set, name);
}

HANDLE WINAPI CreatePipe(LPCWSTR name, DWORD open_mode, DWORD pipe_mode, DWORD instances, DWORD out,
                         DWORD in, DWORD timeout_ms, LPSECURITY_ATTRIBUTES security) {
  using Function =
      HANDLE(WINAPI*)(LPCWSTR, DWORD, DWORD, DWORD, DWORD, DWORD, DWORD, LPSECURITY_ATTRIBUTES);
  static const auto real = Real<Function>(L"kernel32.dll", "CreateNamedPipeW");
  const bool first = (open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE) != 0;
  const int64_t listener = NameKeyOf(name);
  if (CallFailsFor(first ? "CreateNamedPipeW" : "CreateNamedPipeW (for an accept)", listener)) {
    return INVALID_HANDLE_VALUE;
  }
  const HANDLE pipe = real(name, open_mode, pipe_mode, instances, out, in, timeout_ms, security);
  if (pipe != INVALID_HANDLE_VALUE) {
    OnOpened(pipe, Role::kServerPipe);
    OnInstance(pipe, listener);
  }
  return pipe;
}

BOOL WINAPI ConnectPipe(HANDLE pipe, LPOVERLAPPED overlapped) {
  using Function = BOOL(WINAPI*)(HANDLE, LPOVERLAPPED);
  static const auto real = Real<Function>(L"kernel32.dll", "ConnectNamedPipe");
  return CallFailsFor("ConnectNamedPipe", ListenerOf(pipe)) ? FALSE : real(pipe, overlapped);
}

// Who may not have both directions may not have one of them either.
bool OpeningFails(DWORD access) {
  if (access == (GENERIC_READ | GENERIC_WRITE)) {
    denials = 0;
  } else if (denials > 0) {
    denials--;
    ::SetLastError(ERROR_ACCESS_DENIED);
    return true;
  }
  Injector* const injector = ArmedInjector();
  if (injector != nullptr && injector->Chance(injector->rates.busy)) {
    ::SetLastError(ERROR_PIPE_BUSY);
    return true;
  }
  if (!WorkFails("CreateFileW (after a wait)") && !CallFails("CreateFileW", HANDLE{nullptr})) {
    return false;
  }
  if (::GetLastError() == ERROR_ACCESS_DENIED) denials = 2;
  return true;
}

HANDLE WINAPI OpenPipe(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security,
                       DWORD how, DWORD flags, HANDLE like) {
  using Function =
      HANDLE(WINAPI*)(LPCWSTR, DWORD, DWORD, LPSECURITY_ATTRIBUTES, DWORD, DWORD, HANDLE);
  static const auto real = Real<Function>(L"kernel32.dll", "CreateFileW");
  HANDLE pipe = INVALID_HANDLE_VALUE;
  if (!OpeningFails(access)) pipe = real(name, access, share, security, how, flags, like);
  if (pipe != INVALID_HANDLE_VALUE) {
    OnOpened(pipe, Role::kClientPipe);
  } else {
    opens = ::GetLastError() == ERROR_PIPE_BUSY;
  }
  return pipe;
}

BOOL WINAPI SetState(HANDLE pipe, LPDWORD mode, LPDWORD bytes, LPDWORD timeout_ms) {
  using Function = BOOL(WINAPI*)(HANDLE, LPDWORD, LPDWORD, LPDWORD);
  static const auto real = Real<Function>(L"kernel32.dll", "SetNamedPipeHandleState");
  return CallFails("SetNamedPipeHandleState", pipe) ? FALSE : real(pipe, mode, bytes, timeout_ms);
}

BOOL WINAPI GetState(HANDLE pipe, LPDWORD state, LPDWORD instances, LPDWORD bytes,
                     LPDWORD timeout_ms, LPWSTR user, DWORD user_max) {
  using Function = BOOL(WINAPI*)(HANDLE, LPDWORD, LPDWORD, LPDWORD, LPDWORD, LPWSTR, DWORD);
  static const auto real = Real<Function>(L"kernel32.dll", "GetNamedPipeHandleStateW");
  if (CallFails("GetNamedPipeHandleStateW", pipe)) return FALSE;
  return real(pipe, state, instances, bytes, timeout_ms, user, user_max);
}

BOOL WINAPI CloseOne(HANDLE handle) {
  using Function = BOOL(WINAPI*)(HANDLE);
  static const auto real = Real<Function>(L"kernel32.dll", "CloseHandle");
  OnClosed(handle);
  return real(handle);
}

// ---- transfers ----

BOOL WINAPI Read(HANDLE file, LPVOID into, DWORD bytes, LPDWORD read, LPOVERLAPPED overlapped) {
  using Function = BOOL(WINAPI*)(HANDLE, LPVOID, DWORD, LPDWORD, LPOVERLAPPED);
  static const auto real = Real<Function>(L"kernel32.dll", "ReadFile");
  if (overlapped == nullptr || !IsPipe(file)) return real(file, into, bytes, read, overlapped);
  const bool at_once = (reinterpret_cast<uintptr_t>(overlapped->hEvent) & 1) != 0;
  if (!at_once) OnOwned(file, overlapped);
  if (IsBroken(file)) return FALSE;
  if (CallFails(at_once ? "ReadFile (at once)" : "ReadFile (overlapped)", file)) return FALSE;
  return real(file, into, static_cast<DWORD>(MovedOf(bytes)), read, overlapped);
}

BOOL WINAPI Write(HANDLE file, LPCVOID from, DWORD bytes, LPDWORD written,
                  LPOVERLAPPED overlapped) {
  using Function = BOOL(WINAPI*)(HANDLE, LPCVOID, DWORD, LPDWORD, LPOVERLAPPED);
  static const auto real = Real<Function>(L"kernel32.dll", "WriteFile");
  if (overlapped == nullptr || !IsPipe(file)) return real(file, from, bytes, written, overlapped);
  OnOwned(file, overlapped);
  if (CallFails("WriteFile", file)) return FALSE;
  return real(file, from, static_cast<DWORD>(MovedOf(bytes)), written, overlapped);
}

// A pipe that cannot be looked at cannot be read either. The engine looks twice, first for the
// number of bytes alone: whose failure the first one is shows only then.
BOOL WINAPI Peek(HANDLE pipe, LPVOID into, DWORD bytes, LPDWORD read, LPDWORD available,
                 LPDWORD left) {
  using Function = BOOL(WINAPI*)(HANDLE, LPVOID, DWORD, LPDWORD, LPDWORD, LPDWORD);
  static const auto real = Real<Function>(L"kernel32.dll", "PeekNamedPipe");
  if (IsBroken(pipe)) return FALSE;
  if (!CallFails("PeekNamedPipe", pipe)) return real(pipe, into, bytes, read, available, left);
  Break(pipe, ::GetLastError());
  return FALSE;
}

// The bytes have been read, and are lost.
BOOL WINAPI GetResult(HANDLE file, LPOVERLAPPED overlapped, LPDWORD bytes, BOOL wait) {
  using Function = BOOL(WINAPI*)(HANDLE, LPOVERLAPPED, LPDWORD, BOOL);
  static const auto real = Real<Function>(L"kernel32.dll", "GetOverlappedResult");
  return real(file, overlapped, bytes, wait) && !CallFails("GetOverlappedResult", file);
}

NTSTATUS Query(HANDLE file, PIO_STATUS_BLOCK status, PVOID information, ULONG bytes,
               FILE_INFORMATION_CLASS which) {
  using Function = NTSTATUS(NTAPI*)(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG, FILE_INFORMATION_CLASS);
  static const auto real = Real<Function>(L"ntdll.dll", "NtQueryInformationFile");
  if (which == static_cast<FILE_INFORMATION_CLASS>(kPipeLocalInformation)) {
    opens = false;
    flushed = StruckAs(file);
    if (CallFails("NtQueryInformationFile", file)) return static_cast<NTSTATUS>(::GetLastError());
  }
  return real(file, status, information, bytes, which);
}

// ---- access lists; all but the first one answer with the error ----

BOOL WINAPI MakeSid(WELL_KNOWN_SID_TYPE type, PSID domain, PSID sid, DWORD* bytes) {
  using Function = BOOL(WINAPI*)(WELL_KNOWN_SID_TYPE, PSID, PSID, DWORD*);
  static const auto real = Real<Function>(L"advapi32.dll", "CreateWellKnownSid");
  return CallFails("CreateWellKnownSid", HANDLE{nullptr}) ? FALSE : real(type, domain, sid, bytes);
}

DWORD WINAPI GetAccess(HANDLE handle, SE_OBJECT_TYPE type, SECURITY_INFORMATION what, PSID* owner,
                       PSID* group, PACL* access, PACL* audit, PSECURITY_DESCRIPTOR* descriptor) {
  using Function = DWORD(WINAPI*)(HANDLE, SE_OBJECT_TYPE, SECURITY_INFORMATION, PSID*, PSID*, PACL*,
                                  PACL*, PSECURITY_DESCRIPTOR*);
  static const auto real = Real<Function>(L"advapi32.dll", "GetSecurityInfo");
  if (CallFails("GetSecurityInfo", handle)) return ::GetLastError();
  return real(handle, type, what, owner, group, access, audit, descriptor);
}

DWORD WINAPI SetEntries(ULONG count, PEXPLICIT_ACCESSW entries, PACL before, PACL* after) {
  using Function = DWORD(WINAPI*)(ULONG, PEXPLICIT_ACCESSW, PACL, PACL*);
  static const auto real = Real<Function>(L"advapi32.dll", "SetEntriesInAclW");
  if (CallFails("SetEntriesInAclW", HANDLE{nullptr})) return ::GetLastError();
  return real(count, entries, before, after);
}

DWORD WINAPI SetAccess(HANDLE handle, SE_OBJECT_TYPE type, SECURITY_INFORMATION what, PSID owner,
                       PSID group, PACL access, PACL audit) {
  using Function =
      DWORD(WINAPI*)(HANDLE, SE_OBJECT_TYPE, SECURITY_INFORMATION, PSID, PSID, PACL, PACL);
  static const auto real = Real<Function>(L"advapi32.dll", "SetSecurityInfo");
  if (CallFails("SetSecurityInfo", handle)) return ::GetLastError();
  return real(handle, type, what, owner, group, access, audit);
}

}  // namespace

}  // namespace iocp_net::test

extern "C" {
IOCP_NET_IN_PLACE_OF(TrySubmitThreadpoolCallback, Submit);
IOCP_NET_IN_PLACE_OF(OpenThread, OpenWorkThread);
IOCP_NET_IN_PLACE_OF(CancelSynchronousIo, CancelThread);
IOCP_NET_IN_PLACE_OF(WaitNamedPipeW, WaitForPipe);
IOCP_NET_IN_PLACE_OF(FlushFileBuffers, Flush);
IOCP_NET_IN_PLACE_OF(CreateThreadpoolTimer, MakeTimer);
IOCP_NET_IN_PLACE_OF(CreateEventW, MakeEvent);
IOCP_NET_IN_PLACE_OF(CreateNamedPipeW, CreatePipe);
IOCP_NET_IN_PLACE_OF(ConnectNamedPipe, ConnectPipe);
IOCP_NET_IN_PLACE_OF(CreateFileW, OpenPipe);
IOCP_NET_IN_PLACE_OF(SetNamedPipeHandleState, SetState);
IOCP_NET_IN_PLACE_OF(GetNamedPipeHandleStateW, GetState);
IOCP_NET_IN_PLACE_OF(CloseHandle, CloseOne);
IOCP_NET_IN_PLACE_OF(ReadFile, Read);
IOCP_NET_IN_PLACE_OF(WriteFile, Write);
IOCP_NET_IN_PLACE_OF(PeekNamedPipe, Peek);
IOCP_NET_IN_PLACE_OF(GetOverlappedResult, GetResult);
IOCP_NET_IN_PLACE_OF(CreateWellKnownSid, MakeSid);
IOCP_NET_IN_PLACE_OF(GetSecurityInfo, GetAccess);
IOCP_NET_IN_PLACE_OF(SetEntriesInAclW, SetEntries);
IOCP_NET_IN_PLACE_OF(SetSecurityInfo, SetAccess);

// This one is called by its name.
NTSTATUS NTAPI NtQueryInformationFile(HANDLE file, PIO_STATUS_BLOCK status, PVOID information,
                                      ULONG bytes, FILE_INFORMATION_CLASS which) {
  return iocp_net::test::Query(file, status, information, bytes, which);
}
}
#endif  // _WIN32
