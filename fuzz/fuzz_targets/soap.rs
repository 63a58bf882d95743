//! Whatever a device answers to a call: results, a fault with few words, or a reason. What goes out comes back as it was.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::tr064::soap::{reply, request};

fuzz_target!(|input: (&str, &str)| {
    let (text, value) = input;
    let inside = format!("<Envelope><Body><GetResponse>{text}</GetResponse></Body></Envelope>");
    for text in [text, &inside] {
        match reply(text, "Get") {
            // Devices write what is not well-formed: an element may even lack its name, and is then never asked for.
            Ok(Ok(results)) => assert!(results.len() <= 8192),
            Ok(Err(fault)) => assert!(fault.text.chars().count() <= 120),
            Err(why) => assert!(!why.is_empty()),
        }
    }
    // A call looks like the answer of an action of that name. Control characters have no place in XML.
    let value: String = value.chars().filter(|c| !c.is_control()).collect();
    let call = request(&value, "GetResponse", &[("NewText", &value)]);
    let results = reply(&call, "Get").expect("XML").expect("no fault");
    assert_eq!(results["NewText"].trim(), value.trim());
});
