require "fiddle/import"

module OpenLTS
  extend Fiddle::Importer
  dlload "libopenlts.so.0"
  extern "int LTS_InitLicense(const char *key, void *parameters, long long *license, char *message, int length)"
  extern "int LTS_RecordOperation(long long license, int type, int count)"
  extern "int LTS_CloseLicense(long long license, int timeout)"

  QR_CODE = 16
  PAGE_SCANNED = 64

  def self.open_license
    license, message = "\0" * 8, "\0" * 256
    LTS_InitLicense(ENV["LTS_KEY"], nil, license, message, 256) == 0 or raise message.unpack1("Z*")
    license.unpack1("q")
  end
end
