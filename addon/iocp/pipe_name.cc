#include "iocp/pipe_name.h"

#include "iocp/errors.h"
#include "iocp/handle.h"

namespace iocp_net {

Status ToPipeName(const std::string& text, std::wstring* name) {
  if (text.empty() || text.find('\0') != std::string::npos) return UV__EINVAL;
  const int bytes = static_cast<int>(text.size());
  const int length =
      ::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), bytes, nullptr, 0);
  if (length == 0) return FromSystemError(::GetLastError());
  name->resize(static_cast<size_t>(length));
  ::MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text.data(), bytes, name->data(), length);
  return kOk;
}

}  // namespace iocp_net
