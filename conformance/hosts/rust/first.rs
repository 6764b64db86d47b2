use std::ffi::{c_char, c_void, CStr, CString};
use std::process::ExitCode;
use std::{env, ptr, thread};

const QR_CODE: i32 = 16;
const PAGE_SCANNED: i32 = 64;

#[link(name = "openlts")]
extern "C" {
    fn LTS_InitLicense(
        key: *const c_char, parameters: *const c_void, license: *mut i64, message: *mut c_char, length: i32,
    ) -> i32;
    fn LTS_RecordOperation(license: i64, kind: i32, count: i32) -> i32;
    fn LTS_CloseLicense(license: i64, timeout: i32) -> i32;
}

fn main() -> ExitCode {
    let key = CString::new(env::var("LTS_KEY").unwrap()).unwrap();
    let mut license = 0;
    let mut message = [0 as c_char; 256];
    if unsafe { LTS_InitLicense(key.as_ptr(), ptr::null(), &mut license, message.as_mut_ptr(), 256) } != 0 {
        eprintln!("{}", unsafe { CStr::from_ptr(message.as_ptr()) }.to_string_lossy());
        return ExitCode::FAILURE;
    }
    let record = move |kind, times| (0..times).for_each(|_| unsafe { assert_eq!(LTS_RecordOperation(license, kind, 1), 0) });
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(move || record(QR_CODE, 1000))).collect();
    record(PAGE_SCANNED, 500);
    threads.into_iter().for_each(|each| each.join().unwrap());
    println!("recorded");
    ExitCode::from((unsafe { LTS_CloseLicense(license, 3000) } != 0) as u8)
}
