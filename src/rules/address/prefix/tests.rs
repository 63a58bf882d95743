use proptest::prelude::*;

use super::*;

#[test]
fn a_prefix_clears_its_host_bits_and_knows_its_members() {
    let prefix = Prefix::parse("2003:e7:1234:56ff::1/56").unwrap();
    assert_eq!(prefix.to_string(), "2003:e7:1234:5600::/56");
    assert!(prefix.contains("2003:e7:1234:56aa::9".parse().unwrap()));
    assert!(!prefix.contains("2003:e7:1234:5700::9".parse().unwrap()));
    assert_eq!(Prefix::parse("2003::/0").unwrap().to_string(), "::/0");
    assert_eq!(Prefix::new("2003::1".parse().unwrap(), 200).to_string(), "2003::1/128");
    for wrong in ["2003::", "2003::/129", "2003::/x", "10.0.0.0/8", "/56", ""] {
        assert!(Prefix::parse(wrong).unwrap_err().contains("2003:e7::/56"), "{wrong}");
    }
}

#[test]
fn a_host_is_placed_in_the_first_subnet_of_a_prefix() {
    let host = HostId(0x1a2b_3c4d_5e6f_7788);
    for (prefix, wanted) in
        [("2003:e7:1:5600::/56", "2003:e7:1:5600:1a2b:3c4d:5e6f:7788"), ("2003:e7:1:56ab::/64", "2003:e7:1:56ab:1a2b:3c4d:5e6f:7788")]
    {
        assert_eq!(Prefix::parse(prefix).unwrap().with_host(host), Ok(wanted.parse().unwrap()));
    }
    assert!(Prefix::parse("2003::/65").unwrap().with_host(host).unwrap_err().contains("/64"));
}

#[test]
fn a_host_is_placed_in_the_subnet_that_it_names() {
    let host = HostId::parse("::3:1a2b:3c4d:5e6f:7788").unwrap();
    for (prefix, wanted) in [
        ("2003:e7:1::/48", "2003:e7:1:3:1a2b:3c4d:5e6f:7788"),
        ("2003:e7:1:5600::/56", "2003:e7:1:5603:1a2b:3c4d:5e6f:7788"),
        ("2003:e7:1:5674::/62", "2003:e7:1:5677:1a2b:3c4d:5e6f:7788"),
    ] {
        assert_eq!(Prefix::parse(prefix).unwrap().with_host(host), Ok(wanted.parse().unwrap()));
    }
}

#[test]
fn a_subnet_that_does_not_fit_is_refused_with_both_named() {
    let host = HostId::parse("::3:1a2b:3c4d:5e6f:7788").unwrap();
    for (prefix, word) in [("2003:e7:1:5600::/63", "subnets 0 to 1"), ("2003:e7:1:5600::/64", "no bits for subnets")] {
        let why = Prefix::parse(prefix).unwrap().with_host(host).unwrap_err();
        assert!(why.contains("::3:1a2b:3c4d:5e6f:7788") && why.contains(prefix) && why.contains(word), "{why}");
    }
}

proptest! {
    #[test]
    fn a_host_never_leaves_its_prefix(network: u128, length in 0_u8..=130, subnet: u16, id: u64) {
        let prefix = Prefix::new(Ipv6Addr::from_bits(network), length);
        let host = HostId(u128::from(subnet) << 64 | u128::from(id));
        let fits = prefix.length <= 48 || (prefix.length <= 64 && subnet >> (64 - prefix.length) == 0);
        match prefix.with_host(host) {
            Ok(address) => {
                prop_assert!(fits);
                prop_assert!(prefix.contains(address));
                prop_assert_eq!(address.to_bits() as u64, id);
                prop_assert_eq!((address.to_bits() >> 64) as u64 ^ (prefix.network.to_bits() >> 64) as u64, u64::from(subnet));
            }
            Err(why) => prop_assert!(!fits && why.contains(&prefix.to_string()), "{}", why),
        }
    }
}
