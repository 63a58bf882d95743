//! Where everything goes that has no route of its own.

use std::net::{Ipv4Addr, Ipv6Addr};

use futures_util::TryStreamExt as _;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage as Message;
use netlink_packet_route::link::LinkFlags;
use netlink_packet_route::route::{RouteAttribute, RouteMessage, RouteType};
use rtnetlink::RouteMessageBuilder;
use rtnetlink::packet_core::NetlinkPayload;

use super::ask;

/// A default route of one family, in any table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DefaultRoute {
    family: AddressFamily,
    kind: RouteType,
    table: u8,
    /// Gateway, interface, metric and source.
    attributes: Vec<RouteAttribute>,
}

/// The default routes of both families.
///
/// # Errors
///
/// Says why the kernel could not be asked.
pub(super) async fn default_routes() -> Result<Vec<DefaultRoute>, String> {
    ask(async |handle| {
        let mut all = Vec::new();
        for question in [RouteMessageBuilder::<Ipv4Addr>::new().build(), RouteMessageBuilder::<Ipv6Addr>::new().build()] {
            let mut dump = handle.route().get(question).execute();
            while let Some(message) = dump.try_next().await? {
                all.extend(DefaultRoute::read(&message));
            }
        }
        Ok(all)
    })
    .await
}

impl DefaultRoute {
    /// One for tests, through the interface with this index.
    #[cfg(test)]
    pub(super) fn through(link: u32) -> Self {
        Self { family: AddressFamily::Inet, kind: RouteType::Unicast, table: 254, attributes: vec![RouteAttribute::Oif(link)] }
    }

    /// Does it lead through the interface with this index?
    pub(super) fn leads_through(&self, link: u32) -> bool {
        self.attributes.iter().any(|attribute| match attribute {
            RouteAttribute::Oif(index) => *index == link,
            RouteAttribute::MultiPath(hops) => hops.iter().any(|hop| hop.interface_index == link),
            _ => false,
        })
    }

    fn read(message: &RouteMessage) -> Option<Self> {
        let counts = |attribute: &&RouteAttribute| {
            matches!(
                attribute,
                RouteAttribute::Gateway(_)
                    | RouteAttribute::Via(_)
                    | RouteAttribute::Oif(_)
                    | RouteAttribute::MultiPath(_)
                    | RouteAttribute::NhId(_)
                    | RouteAttribute::Priority(_)
                    | RouteAttribute::PrefSource(_)
                    | RouteAttribute::Source(_)
                    | RouteAttribute::Table(_)
            )
        };
        let header = &message.header;
        // Lifetimes, preferences and counters come and go with every router advertisement.
        let attributes = message.attributes.iter().filter(counts).cloned().collect();
        let (family, kind, table) = (header.address_family, header.kind, header.table);
        (header.destination_prefix_length == 0).then_some(Self { family, kind, table, attributes })
    }
}

/// What a message of the kernel may be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// Interfaces and their addresses.
    Interfaces,
    /// As well, and the interface with this index may have lost routes: the kernel does not tell which of IPv4 go with it.
    Lost(u32),
    /// Everything, default routes as well.
    Routes,
}

/// Can this message of the kernel mean something? Routes to somewhere are not news, and routers have many of them.
pub(super) fn hint(payload: &NetlinkPayload<Message>) -> Option<Hint> {
    let NetlinkPayload::InnerMessage(message) = payload else { return Some(Hint::Routes) };
    Some(match message {
        Message::NewRoute(route) | Message::DelRoute(route) if route.header.destination_prefix_length > 0 => return None,
        Message::NewLink(link) if link.header.flags.contains(LinkFlags::Up | LinkFlags::LowerUp) => Hint::Interfaces,
        Message::NewLink(link) | Message::DelLink(link) => Hint::Lost(link.header.index),
        Message::NewAddress(_) => Hint::Interfaces,
        Message::DelAddress(address) => Hint::Lost(address.header.index),
        _ => Hint::Routes,
    })
}

#[cfg(test)]
mod tests {
    use netlink_packet_route::address::AddressMessage;
    use netlink_packet_route::link::LinkMessage;
    use netlink_packet_route::route::{RouteAddress, RouteNextHop, RoutePreference};

    use super::*;

    fn route(length: u8, attributes: Vec<RouteAttribute>) -> RouteMessage {
        let mut message = RouteMessage::default();
        message.header.address_family = AddressFamily::Inet6;
        message.header.destination_prefix_length = length;
        message.header.kind = RouteType::Unicast;
        message.attributes = attributes;
        message
    }

    fn gateway(last: u16) -> RouteAttribute {
        RouteAttribute::Gateway(RouteAddress::Inet6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last)))
    }

    #[test]
    fn gateway_interface_and_metric_make_a_default_route_and_what_ages_does_not() {
        let read = |more: Vec<RouteAttribute>| DefaultRoute::read(&route(0, [vec![gateway(1), RouteAttribute::Oif(2)], more].concat()));
        let known = read(vec![RouteAttribute::Priority(100)]);
        assert!(known.is_some());
        let older = vec![RouteAttribute::Priority(100), RouteAttribute::Expires(7), RouteAttribute::Preference(RoutePreference::High)];
        assert_eq!(read(older), known);
        assert_ne!(read(vec![RouteAttribute::Priority(101)]), known);
        let other = |attributes| DefaultRoute::read(&route(0, attributes));
        assert_ne!(other(vec![gateway(1), RouteAttribute::Oif(3), RouteAttribute::Priority(100)]), known);
        assert_ne!(other(vec![gateway(2), RouteAttribute::Oif(2), RouteAttribute::Priority(100)]), known);
        assert_eq!(DefaultRoute::read(&route(64, vec![gateway(1)])), None);
    }

    #[test]
    fn default_routes_are_asked_for_only_if_one_may_be_different() {
        let told = |message| hint(&NetlinkPayload::InnerMessage(message));
        for (length, expected) in [(0, Some(Hint::Routes)), (1, None), (64, None)] {
            for message in [Message::NewRoute(route(length, Vec::new())), Message::DelRoute(route(length, Vec::new()))] {
                assert_eq!(told(message), expected);
            }
        }
        let link = |flags| {
            let mut link = LinkMessage::default();
            (link.header.index, link.header.flags) = (7, flags);
            link
        };
        let on = LinkFlags::Up | LinkFlags::LowerUp;
        assert_eq!(told(Message::NewLink(link(on))), Some(Hint::Interfaces));
        assert_eq!(told(Message::NewLink(link(LinkFlags::Up))), Some(Hint::Lost(7)));
        assert_eq!(told(Message::DelLink(link(on))), Some(Hint::Lost(7)));
        assert_eq!(told(Message::NewAddress(AddressMessage::default())), Some(Hint::Interfaces));
        assert_eq!(told(Message::DelAddress(AddressMessage::default())), Some(Hint::Lost(0)));
        assert_eq!(hint(&NetlinkPayload::Overrun(Vec::new())), Some(Hint::Routes));
    }

    #[test]
    fn a_default_route_goes_with_its_interface() {
        let mut hop = RouteNextHop::default();
        hop.interface_index = 3;
        let read = |attribute| DefaultRoute::read(&route(0, vec![gateway(1), attribute])).unwrap();
        assert!(read(RouteAttribute::Oif(2)).leads_through(2) && !read(RouteAttribute::Oif(2)).leads_through(1));
        assert!(read(RouteAttribute::MultiPath(vec![hop])).leads_through(3));
    }

    #[tokio::test]
    async fn the_kernel_can_be_asked_for_its_default_routes() {
        default_routes().await.unwrap();
    }
}
