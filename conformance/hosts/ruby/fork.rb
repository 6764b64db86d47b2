require_relative "openlts"

# Before the fork, or in each process.
opened = OpenLTS.open_license if ARGV[0] == "after-init"
4.times do |worker|
  fork do
    license = opened || OpenLTS.open_license
    1000.times { OpenLTS.LTS_RecordOperation(license, OpenLTS::QR_CODE, 1) }
    Process.kill(:KILL, Process.pid) if worker == 0
  end
end
license = opened || OpenLTS.open_license
500.times { OpenLTS.LTS_RecordOperation(license, OpenLTS::PAGE_SCANNED, 1) }
Process.waitall
puts "recorded"
$stdout.flush
exit OpenLTS.LTS_CloseLicense(license, 3000) == 0
