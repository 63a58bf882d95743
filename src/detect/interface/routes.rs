//! The ways that the kernel knows over IPv4.

use std::cmp::Reverse;
use std::net::Ipv4Addr;

use futures_util::TryStreamExt as _;
use netlink_packet_route::link::{LinkAttribute, LinkMessage};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType};
use rtnetlink::RouteMessageBuilder;

use super::ask;

/// The kernel's table of our own addresses (`RT_TABLE_LOCAL`, `rtnetlink(7)`).
const LOCAL_TABLE: u8 = 255;

/// Where packets go, for everything or for what goes through one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::detect) struct Ways {
    routes: Vec<Route>,
    /// Names of the interfaces by index.
    links: Vec<(u32, String)>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::detect) struct Route {
    network: Ipv4Addr,
    length: u8,
    pub(in crate::detect) gateway: Option<Ipv4Addr>,
    /// Our address for what goes this way.
    source: Option<Ipv4Addr>,
    metric: u32,
    link: u32,
    table: u8,
    /// It leads to other machines: it is no address of ours, and nothing is thrown away there.
    leads: bool,
}

impl Ways {
    /// Asks the kernel. Without `via` the main table counts: what other tables are for is known to whoever made them.
    ///
    /// # Errors
    ///
    /// Says why the kernel could not be asked.
    pub(in crate::detect) async fn read(via: Option<&str>) -> Result<Self, String> {
        ask(async |handle| {
            let links = handle.link().get().execute().try_collect::<Vec<LinkMessage>>().await?;
            let links: Vec<(u32, String)> = links.iter().filter_map(|link| Some((link.header.index, name(link)?))).collect();
            let link = via.and_then(|via| links.iter().find(|(_, name)| name == via)).map(|(index, _)| *index);
            let messages = handle.route().get(RouteMessageBuilder::<Ipv4Addr>::new().build()).execute();
            let mut routes: Vec<Route> = messages.try_collect::<Vec<_>>().await?.iter().map(Route::from).collect();
            routes.retain(|route| if via.is_some() { Some(route.link) == link } else { route.usual() });
            routes.sort_by_key(|route| route.metric);
            Ok(Self { routes, links })
        })
        .await
    }

    /// The gateway of the default route.
    pub(in crate::detect) fn gateway(&self) -> Option<Ipv4Addr> {
        self.way_out()?.gateway
    }

    /// The interface that the default route goes through.
    pub(in crate::detect) fn interface(&self) -> Option<&str> {
        let index = self.way_out()?.link;
        self.links.iter().find(|(known, _)| *known == index).map(|(_, name)| name.as_str())
    }

    /// The default route. Of several the one with the lowest metric counts, even if it has no gateway (a dial-in line of this
    /// machine): another one leads where packets do not go.
    pub(in crate::detect) fn way_out(&self) -> Option<&Route> {
        self.routes.iter().find(|route| route.length == 0 && route.leads)
    }

    /// Does what is sent to `address` go through the gateway of the default route?
    pub(in crate::detect) fn leave_for(&self, address: Ipv4Addr) -> bool {
        let covering = self.routes.iter().filter(|route| route.covers(address));
        let best = covering.min_by_key(|route| (Reverse(route.length), route.metric));
        best.is_some_and(|route| route.leads && route.gateway.is_some() && route.gateway == self.gateway())
    }
}

#[cfg(test)]
impl Ways {
    /// A default route alone, for tests.
    pub(in crate::detect) fn through(gateway: Ipv4Addr) -> Self {
        Self { routes: vec![Route::through(gateway.octets())], links: Vec::new() }
    }
}

impl Route {
    /// A default route for tests.
    #[cfg(test)]
    pub(in crate::detect) fn through(gateway: [u8; 4]) -> Self {
        let (network, gateway) = (Ipv4Addr::UNSPECIFIED, Some(gateway.into()));
        Self { network, length: 0, gateway, source: None, metric: 0, link: 2, table: RouteHeader::RT_TABLE_MAIN, leads: true }
    }

    /// Is it for packets that nobody made rules for?
    fn usual(&self) -> bool {
        matches!(self.table, RouteHeader::RT_TABLE_MAIN | LOCAL_TABLE)
    }

    fn covers(&self, address: Ipv4Addr) -> bool {
        let shift = 32 - u32::from(self.length.min(32));
        let cut = |address: Ipv4Addr| u64::from(address.to_bits()) >> shift;
        cut(address) == cut(self.network)
    }
}

fn name(link: &LinkMessage) -> Option<String> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.clone()),
        _ => None,
    })
}

fn gateway(attributes: &[RouteAttribute]) -> Option<Ipv4Addr> {
    attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(RouteAddress::Inet(address)) => Some(*address),
        _ => None,
    })
}

impl From<&RouteMessage> for Route {
    fn from(message: &RouteMessage) -> Self {
        let header = &message.header;
        let mut route = Self {
            network: Ipv4Addr::UNSPECIFIED,
            length: header.destination_prefix_length,
            gateway: None,
            source: None,
            metric: 0,
            link: 0,
            table: header.table,
            leads: header.kind == RouteType::Unicast,
        };
        for attribute in &message.attributes {
            match attribute {
                RouteAttribute::Destination(RouteAddress::Inet(address)) => route.network = *address,
                RouteAttribute::PrefSource(RouteAddress::Inet(address)) => route.source = Some(*address),
                RouteAttribute::Priority(priority) => route.metric = *priority,
                RouteAttribute::Oif(index) => route.link = *index,
                // Of several next hops one stands for all.
                RouteAttribute::MultiPath(hops) => {
                    if let Some(first) = hops.first() {
                        route.link = first.interface_index;
                        route.gateway = gateway(&first.attributes);
                    }
                }
                _ => {}
            }
        }
        route.gateway = gateway(&message.attributes).or(route.gateway);
        route
    }
}

#[cfg(test)]
mod tests {
    use netlink_packet_route::route::RouteNextHop;

    use super::*;

    /// `DESTINATION/LENGTH` behind `gateway` with a metric, through interface 2.
    fn message(network: [u8; 4], length: u8, gateway: Option<[u8; 4]>, metric: u32) -> RouteMessage {
        let mut message = RouteMessage::default();
        message.header.destination_prefix_length = length;
        message.header.kind = RouteType::Unicast;
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.attributes =
            vec![RouteAttribute::Destination(RouteAddress::Inet(network.into())), RouteAttribute::Priority(metric), RouteAttribute::Oif(2)];
        message.attributes.extend(gateway.map(|gateway| RouteAttribute::Gateway(RouteAddress::Inet(gateway.into()))));
        message
    }

    fn ways(messages: &[RouteMessage]) -> Ways {
        let mut routes: Vec<Route> = messages.iter().map(Route::from).filter(Route::usual).collect();
        routes.sort_by_key(|route| route.metric);
        Ways { routes, links: vec![(2, "eth0".into()), (3, "ppp0".into())] }
    }

    #[test]
    fn of_several_default_routes_the_one_with_the_lowest_metric_has_the_gateway() {
        let all = [
            message([0; 4], 0, None, 700),
            message([10, 0, 0, 0], 8, Some([192, 168, 178, 9]), 0),
            message([0; 4], 0, Some([192, 168, 178, 2]), 600),
            message([0; 4], 0, Some([192, 168, 178, 1]), 100),
        ];
        assert_eq!(ways(&all).gateway(), Some([192, 168, 178, 1].into()));
        assert_eq!(ways(&all).interface(), Some("eth0"));
        assert_eq!(ways(&all[..2]).gateway(), None);
        let mut thrown = message([0; 4], 0, Some([192, 168, 178, 1]), 0);
        thrown.header.kind = RouteType::Unreachable;
        assert_eq!(ways(&[thrown]).gateway(), None);
    }

    #[test]
    fn the_best_default_route_counts_even_if_it_names_no_gateway() {
        let mut dial_in = message([0; 4], 0, None, 0);
        dial_in.attributes.push(RouteAttribute::Oif(3));
        let fallback = message([0; 4], 0, Some([192, 168, 8, 1]), 700);
        let ways = ways(&[fallback, dial_in]);
        assert_eq!((ways.gateway(), ways.interface()), (None, Some("ppp0")));
    }

    #[test]
    fn of_several_next_hops_the_first_one_counts() {
        let hop = |index: u32, gateway: [u8; 4]| {
            let mut hop = RouteNextHop::default();
            hop.interface_index = index;
            hop.attributes = vec![RouteAttribute::Gateway(RouteAddress::Inet(gateway.into()))];
            hop
        };
        let mut both = message([0; 4], 0, None, 0);
        both.attributes = vec![RouteAttribute::MultiPath(vec![hop(3, [10, 0, 0, 1]), hop(2, [192, 168, 178, 1])])];
        let ways = ways(&[both]);
        assert_eq!((ways.gateway(), ways.interface()), (Some([10, 0, 0, 1].into()), Some("ppp0")));
    }

    #[test]
    fn what_other_tables_are_for_is_not_ours_to_know() {
        let mut other = message([0; 4], 0, Some([192, 168, 178, 1]), 0);
        other.header.table = 51;
        assert_eq!(ways(&[other]).gateway(), None);
    }

    #[tokio::test]
    async fn an_interface_that_is_not_there_leads_nowhere() {
        assert_eq!(Ways::read(Some("nowhere0")).await.unwrap().routes, []);
        assert_eq!(Ways::read(Some("lo")).await.unwrap().gateway(), None);
    }

    #[test]
    fn what_is_on_a_network_of_ours_is_not_behind_the_gateway() {
        let default = message([0; 4], 0, Some([192, 168, 1, 1]), 0);
        let factory = Ipv4Addr::new(192, 168, 178, 1);
        let lan = message([192, 168, 178, 0], 24, None, 0);
        assert!(ways(std::slice::from_ref(&default)).leave_for(factory));
        assert!(!ways(&[default.clone(), lan.clone()]).leave_for(factory));
        assert!(ways(&[default.clone(), lan]).leave_for([192, 168, 179, 1].into()));
        for (gateway, behind) in [([192, 168, 1, 1], true), ([192, 168, 1, 2], false)] {
            assert_eq!(ways(&[default.clone(), message([192, 168, 0, 0], 16, Some(gateway), 0)]).leave_for(factory), behind);
        }
        let mut thrown = message([192, 168, 0, 0], 16, Some([192, 168, 1, 1]), 0);
        thrown.header.kind = RouteType::BlackHole;
        assert!(!ways(&[default, thrown]).leave_for(factory));
        assert!(!ways(&[message([0; 4], 0, None, 0)]).leave_for(factory));
    }
}
