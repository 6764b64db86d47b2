// Compiled with -fno-exceptions: openlts.hpp offers all but the throwing forms.
#include "openlts/openlts.hpp"

static_assert(!OPENLTS_HAS_EXCEPTIONS);

std::int32_t use() {
  openlts::Status status;
  openlts::License license = openlts::License::from_lts(openlts::ConnectionParameters{}, status);
  if (!status) return status.code();
  const auto event = license.poll_event(std::chrono::seconds{1}, status);
  const auto type = license.define_operation_type("MRZ", status);
  license.record(event ? LTS_OT_QR_CODE : type);
  return license.info(status).statusCode + license.submit(std::chrono::seconds{1});
}
