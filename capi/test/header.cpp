// openlts.hpp alone, every part of it, with exceptions and without.
#include "openlts/openlts.hpp"

std::int32_t use_status();

std::int32_t use_status() {
  openlts::Status status;
  const openlts::ConnectionParameters parameters;
  openlts::License license = openlts::License::from_lts(parameters, status);
  if (!status) license = openlts::License::from_key("LTS1", parameters, status);
  const auto event = license.poll_event(std::chrono::seconds{1}, status);
  const auto type = license.define_operation_type("MRZ", status);
  license.record(event ? LTS_OT_QR_CODE : type);
  const auto now = std::chrono::system_clock::now();
  return license.info(status).statusCode + license.submit(std::chrono::seconds{1}) +
         license.record_at(type, 1, now) +
         static_cast<std::int32_t>(openlts::device_uuid(parameters, status).size());
}

#if OPENLTS_HAS_EXCEPTIONS
std::int32_t use_exceptions();

std::int32_t use_exceptions() {
  try {
    openlts::License license = openlts::License::from_lts(openlts::ConnectionParameters{});
    license = openlts::License::from_key("LTS1");
    license.record(license.define_operation_type("MRZ"));
    const auto event = license.poll_event(std::chrono::seconds{1});
    openlts::Status(license.submit(std::chrono::seconds{1})).or_throw();
    return license.info().statusCode + (event ? event->kind : 0) +
           static_cast<std::int32_t>(openlts::device_uuid().size());
  } catch (const openlts::Error &error) {
    return error.status();
  }
}
#endif
