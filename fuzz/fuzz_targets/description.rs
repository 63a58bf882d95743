//! Whatever a device says that it is: services, or a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wanbeacon::tr064::description::Description;

fuzz_target!(|text: &str| {
    let inside = format!("<root><device><serviceList><service>{text}</service></serviceList></device></root>");
    for text in [text, &inside] {
        match Description::parse(text) {
            Ok(description) => {
                // What is asked without a login is one of its services, and can be called.
                for connection in description.wan_connections() {
                    assert!(description.services.contains(connection) && !connection.control.is_empty());
                }
                assert!(description.base.is_none_or(|base| !base.is_empty()));
            }
            Err(why) => assert!(!why.is_empty()),
        }
    }
});
