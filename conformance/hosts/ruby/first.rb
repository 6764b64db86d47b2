require_relative "openlts"

license = OpenLTS.open_license
threads = Array.new(4) do
  Thread.new { 1000.times { OpenLTS.LTS_RecordOperation(license, OpenLTS::QR_CODE, 1) } }
end
500.times { OpenLTS.LTS_RecordOperation(license, OpenLTS::PAGE_SCANNED, 1) }
threads.each(&:join)
puts "recorded"
$stdout.flush
exit OpenLTS.LTS_CloseLicense(license, 3000) == 0
