use netlink_packet_route::address::{AddressHeaderFlags, CacheInfo};

use super::*;

fn link(flags: LinkFlags, kind: Option<InfoKind>) -> Link {
    let mut message = LinkMessage::default();
    message.header.flags = flags;
    message.attributes.push(LinkAttribute::IfName("x0".into()));
    message.attributes.extend(kind.map(|kind| LinkAttribute::LinkInfo(vec![LinkInfo::Kind(kind)])));
    Link::from(&message)
}

fn message(flags: u8, attributes: Vec<AddressAttribute>) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.prefix_len = 64;
    message.header.flags = AddressHeaderFlags::from_bits_retain(flags);
    message.attributes = attributes;
    message
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

const ETHERNET: LinkFlags = LinkFlags::Up.union(LinkFlags::LowerUp).union(LinkFlags::Broadcast);

#[test]
fn tunnels_are_told_from_ethernet() {
    assert!(!link(ETHERNET, None).tunnel && link(ETHERNET, None).up);
    assert!(link(ETHERNET, Some(InfoKind::Tun)).tunnel);
    assert!(link(LinkFlags::Up | LinkFlags::Pointopoint, Some(InfoKind::Wireguard)).tunnel);
    assert!(!link(LinkFlags::Up | LinkFlags::Loopback, None).tunnel);
}

#[test]
fn an_interface_without_carrier_is_down() {
    assert!(!link(LinkFlags::Up | LinkFlags::Broadcast, None).up);
    assert!(!link(LinkFlags::LowerUp | LinkFlags::Broadcast, None).up);
}

#[test]
fn flags_of_an_ipv6_address_are_read_from_the_header_and_from_the_attribute() {
    let address = || AddressAttribute::Address(ip("2003:f:ab::10"));
    let flagged = |bits: u32| AddressAttribute::Flags(AddressFlags::from_bits_retain(bits));
    let on = link(ETHERNET, None);
    assert!(entry(&on, &message(0x01, vec![address()])).temporary);
    assert!(entry(&on, &message(0x20, vec![address()])).deprecated);
    assert!(entry(&on, &message(0x40, vec![address()])).tentative);
    assert!(entry(&on, &message(0x04, vec![address()])).tentative);
    assert!(entry(&on, &message(0x08, vec![address()])).duplicated);
    let stable = entry(&on, &message(0x80, vec![address(), flagged(0x900)]));
    assert!(!stable.temporary && !stable.deprecated && !stable.tentative && !stable.duplicated);
    assert!(entry(&on, &message(0, vec![address(), flagged(0x21)])).temporary);
}

#[test]
fn a_secondary_ipv4_address_is_not_a_temporary_one() {
    assert!(!entry(&link(ETHERNET, None), &message(0x01, vec![AddressAttribute::Local(ip("91.12.34.57"))])).temporary);
}

#[test]
fn on_a_point_to_point_link_the_own_end_is_taken() {
    let ends = vec![AddressAttribute::Local(ip("91.12.34.57")), AddressAttribute::Address(ip("91.12.0.1"))];
    assert_eq!(entry(&link(ETHERNET, None), &message(0, ends)).address, Some(ip("91.12.34.57")));
}

#[test]
fn lifetimes_are_seconds_or_for_ever() {
    let mut times = CacheInfo::default();
    (times.ifa_preferred, times.ifa_valid) = (3600, u32::MAX);
    let read = entry(&link(ETHERNET, None), &message(0, vec![AddressAttribute::CacheInfo(times)]));
    assert_eq!((read.preferred, read.valid), (Some(Duration::from_secs(3600)), None));
}

#[tokio::test]
async fn the_kernel_names_the_loopback_address() {
    let all = addresses().await.unwrap();
    let loopback = all.iter().find(|entry| entry.address == Some(ip("127.0.0.1"))).expect("every machine has one");
    assert_eq!((loopback.interface.as_str(), loopback.prefix_length, loopback.tunnel), ("lo", 8, false));
}

#[tokio::test]
async fn the_kernel_can_be_asked_for_the_gateway_and_watched() {
    default_gateway(None).await.unwrap();
    Watch::new().await.map(drop).unwrap();
}
