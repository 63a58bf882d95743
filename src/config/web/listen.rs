//! Where to listen, and who could come there.

use std::net::{IpAddr, SocketAddr};

use crate::config::file::Words;
use crate::config::problem::{Origin, Place, Report, quoted};
use crate::config::reader::Placed;

/// What is to be listened on, and which key says so.
pub(super) struct Socket {
    pub(super) address: SocketAddr,
    pub(super) tls: bool,
    pub(super) place: Place,
}

/// Reads ADDRESS:PORT.
pub(super) fn address(key: &Words, report: &mut Report<'_>) -> Option<Placed<SocketAddr>> {
    let text = key.given()?;
    if let Ok(address) = text.value.trim().parse::<SocketAddr>() {
        return Some(Placed::new(address, text.place.clone()));
    }
    let alone = text.value.trim().parse::<IpAddr>().is_ok();
    let shown = quoted(&text.value);
    let message = if alone { format!("{shown} has no port") } else { format!("{shown} is no address with a port") };
    report.error(
        &text.place,
        message,
        "write ADDRESS:PORT, such as \"127.0.0.1:8245\", or \"[::1]:8245\" for IPv6; port 0 is any free one",
    );
    None
}

/// Nothing that other machines reach may be open to everybody who finds it.
pub(super) fn refuse_strangers(sockets: &[Socket], report: &mut Report<'_>) {
    for Socket { address, place, .. } in sockets.iter().filter(|socket| !socket.address.ip().to_canonical().is_loopback()) {
        report.error(
            place,
            format!("other machines reach {address}, and there is no [[web.user]]"),
            "add a [[web.user]] with name, password and rights, or listen on 127.0.0.1 or [::1] only",
        );
    }
}

/// One port cannot be listened on twice.
pub(super) fn refuse_clashes(sockets: &[Socket], report: &mut Report<'_>) {
    for (index, socket) in sockets.iter().enumerate() {
        let Some(other) = sockets[..index].iter().find(|other| clash(other, socket)) else {
            continue;
        };
        // What was set through the served interfaces is to give way, not the file.
        let (socket, other) = if other.place.origin == Origin::Overlay { (other, socket) } else { (socket, other) };
        let (address, key) = (socket.address, &other.place.key);
        let message = match (other.address == address, socket.tls) {
            (false, _) => format!("{address} and {} ({key}) take the same port", other.address),
            (true, true) => format!("{address} is listened on without TLS as well ({key})"),
            (true, false) => format!("{address} is listened on with TLS as well ({key})"),
        };
        report.error(&socket.place, message, "give each of the two a port of its own");
    }
}

/// Can only one of them be bound? Whether the address of all IPv6 takes IPv4 with it is up to the system.
fn clash(one: &Socket, other: &Socket) -> bool {
    let (a, b) = (one.address.ip(), other.address.ip());
    let overlap = a == b || (a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified()));
    let same = (one.address, one.tls) == (other.address, other.tls);
    one.address.port() == other.address.port() && one.address.port() != 0 && overlap && !same
}
