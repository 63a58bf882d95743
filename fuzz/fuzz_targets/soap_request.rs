//! Whatever a client sends to the served service: a call, or a reason why it is none. A call that was read is answered, and the
//! answer is one that our own client reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::tr064::served::answer::fault;
use wanbeacon::tr064::served::call::read;
use wanbeacon::tr064::soap::{reply, request};

fuzz_target!(|input: (Option<&str>, &[u8], &str)| {
    let (field, bytes, value) = input;
    let inside = format!("<s:Envelope><s:Body><u:Set>{}</u:Set></s:Body></s:Envelope>", String::from_utf8_lossy(bytes));
    for body in [bytes, inside.as_bytes()] {
        let why = match read(field, body) {
            Ok(call) => {
                assert!(call.arguments.len() <= 8192);
                call.action
            }
            Err(why) => why.to_string(),
        };
        let fault = reply(&fault(402, &why, None), "Set").expect("XML").expect_err("a fault");
        assert_eq!(fault.code, 402);
    }
    // What our own client writes arrives as it was. Control characters have no place in XML.
    let value: String = value.chars().filter(|c| !c.is_control()).collect();
    let call = read(None, request("urn:x", "Set", &[("NewText", &value)]).as_bytes()).expect("a call");
    assert_eq!((call.action.as_str(), call.arguments["NewText"].as_str()), ("Set", value.as_str()));
});
