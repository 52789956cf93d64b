#include "iocp/pipe_security.h"

#include <aclapi.h>

#include <memory>

#include "iocp/errors.h"

namespace iocp_net {

namespace {

struct LocalFreer {
  void operator()(void* memory) const { ::LocalFree(memory); }
};
template <typename T>
using Local = std::unique_ptr<T, LocalFreer>;

}  // namespace

Status GrantToEveryone(HANDLE pipe, bool readable, bool writable) {
  if (!readable && !writable) return UV__EINVAL;

  BYTE everyone[SECURITY_MAX_SID_SIZE];
  DWORD bytes = sizeof(everyone);
  if (!::CreateWellKnownSid(WinWorldSid, nullptr, everyone, &bytes)) {
    return FromSystemError(::GetLastError());
  }

  PACL present = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  DWORD error = ::GetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, nullptr,
                                  nullptr, &present, nullptr, &descriptor);
  if (error != ERROR_SUCCESS) return FromSystemError(error);
  const Local<void> owned_descriptor(descriptor);

  // To open one direction alone a client also needs the attributes of the other.
  EXPLICIT_ACCESSW entry{};
  entry.grfAccessPermissions = SYNCHRONIZE;
  if (readable) entry.grfAccessPermissions |= GENERIC_READ | FILE_WRITE_ATTRIBUTES;
  if (writable) entry.grfAccessPermissions |= GENERIC_WRITE | FILE_READ_ATTRIBUTES;
  entry.grfAccessMode = SET_ACCESS;
  entry.grfInheritance = NO_INHERITANCE;
  entry.Trustee.TrusteeForm = TRUSTEE_IS_SID;
  entry.Trustee.TrusteeType = TRUSTEE_IS_WELL_KNOWN_GROUP;
  entry.Trustee.ptstrName = reinterpret_cast<LPWSTR>(everyone);

  PACL changed = nullptr;
  error = ::SetEntriesInAclW(1, &entry, present, &changed);
  if (error != ERROR_SUCCESS) return FromSystemError(error);
  const Local<ACL> owned_changed(changed);

  error = ::SetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr,
                            changed, nullptr);
  return FromSystemError(error);
}

}  // namespace iocp_net
