//! Where everything goes that has no route of its own.

use std::net::{Ipv4Addr, Ipv6Addr};

use futures_util::TryStreamExt as _;
use netlink_packet_route::AddressFamily;
use netlink_packet_route::RouteNetlinkMessage as Message;
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

/// Can this message of the kernel mean something? Routes to somewhere are not news, and routers have many of them.
pub(super) fn matters(payload: &NetlinkPayload<Message>) -> bool {
    match payload {
        NetlinkPayload::InnerMessage(Message::NewRoute(route) | Message::DelRoute(route)) => route.header.destination_prefix_length == 0,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use netlink_packet_route::link::LinkMessage;
    use netlink_packet_route::route::{RouteAddress, RoutePreference};

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
    fn of_routes_only_the_default_ones_matter() {
        for (length, expected) in [(0, true), (1, false), (64, false)] {
            for message in [Message::NewRoute(route(length, Vec::new())), Message::DelRoute(route(length, Vec::new()))] {
                assert_eq!(matters(&NetlinkPayload::InnerMessage(message)), expected);
            }
        }
        assert!(matters(&NetlinkPayload::InnerMessage(Message::NewLink(LinkMessage::default()))));
        assert!(matters(&NetlinkPayload::Overrun(Vec::new())));
    }

    #[tokio::test]
    async fn the_kernel_can_be_asked_for_its_default_routes() {
        default_routes().await.unwrap();
    }
}
