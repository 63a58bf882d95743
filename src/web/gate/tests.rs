use super::*;

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn numbered(number: usize) -> IpAddr {
    std::net::Ipv4Addr::from(0x0a00_0000 + u32::try_from(number).expect("few")).into()
}

/// Wrong logins at `now` until it is refused.
fn guesses(gate: &mut Gate, client: IpAddr, now: Duration) -> usize {
    (0..1000)
        .take_while(|_| {
            let admitted = gate.admits(client, now).is_ok();
            if admitted {
                gate.failed(client, now);
            }
            admitted
        })
        .count()
}

#[test]
fn who_asks_for_a_challenge_and_answers_it_each_time_is_never_held_up() {
    let mut gate = Gate::default();
    for _ in 0..1000 {
        assert_eq!(gate.asks(CLIENT, at(0)), Ok(()));
        gate.came_without(CLIENT, at(0));
        gate.let_in(CLIENT, at(0));
    }
}

#[test]
fn ten_wrong_logins_close_the_gate_and_each_further_one_takes_ten_seconds() {
    let mut gate = Gate::default();
    assert_eq!(guesses(&mut gate, CLIENT, at(1000)), 10);
    assert_eq!(gate.admits(CLIENT, at(1000)), Err(at(10)));
    assert_eq!(gate.asks(CLIENT, at(1000)), Err(at(10)), "nor is it asked for another one");
    assert_eq!(gate.admits(CLIENT, at(1010)), Ok(()));
    assert_eq!(guesses(&mut gate, CLIENT, at(1010)), 1);
    assert_eq!(gate.admits(CLIENT, at(1010)), Err(at(10)));
    let over_an_hour: usize = (1010..4610).map(|second| guesses(&mut gate, CLIENT, at(second))).sum();
    assert_eq!(over_an_hour, 360 - 1);
}

#[test]
fn who_polls_with_a_challenge_every_other_second_is_never_refused() {
    let mut gate = Gate::default();
    for second in (0..100_000).step_by(2) {
        assert_eq!(gate.asks(CLIENT, at(second)), Ok(()));
        gate.came_without(CLIENT, at(second));
    }
}

#[test]
fn a_hundred_requests_without_a_login_close_the_gate_for_a_second_and_for_those_without_one_only() {
    let mut gate = Gate::default();
    for _ in 0..100 {
        assert_eq!(gate.asks(CLIENT, at(5)), Ok(()));
        gate.came_without(CLIENT, at(5));
    }
    assert_eq!(gate.asks(CLIENT, at(5)), Err(at(1)));
    assert_eq!(gate.asks(CLIENT, at(6)), Ok(()));
    for _ in 0..10_000 {
        gate.came_without(CLIENT, at(6));
    }
    assert_eq!(gate.asks(CLIENT, at(6)), Err(at(2)));
    assert_eq!(gate.admits(CLIENT, at(6)), Ok(()), "who has a login is let in");
    assert_eq!(guesses(&mut gate, CLIENT, at(6)), 10, "and guesses no more often than others");
}

#[test]
fn sixty_open_calls_are_taken_at_once_and_two_in_a_second_from_then_on() {
    let mut gate = Gate::default();
    guesses(&mut gate, CLIENT, at(5));
    let calls = |gate: &mut Gate, second| (0..1000).take_while(|_| gate.opens(CLIENT, at(second)).is_ok()).count();
    assert_eq!([calls(&mut gate, 5), calls(&mut gate, 5), calls(&mut gate, 6), calls(&mut gate, 16)], [60, 0, 2, 20]);
    assert_eq!(gate.opens(CLIENT, at(16)), Err(Duration::from_millis(500)));
    assert_eq!(gate.opens(numbered(1), at(16)), Ok(()));
    assert_eq!((gate.admits(CLIENT, at(15)), gate.asks(CLIENT, at(15))), (Ok(()), Ok(())), "they cost a login nothing");
}

#[test]
fn a_network_of_ipv6_is_one_client_and_its_neighbour_another() {
    let mut gate = Gate::default();
    let [one, same, other]: [IpAddr; 3] =
        ["2001:db8::1", "2001:db8::ffff:0:0:2", "2001:db8:0:1::1"].map(|it| it.parse().expect("an address"));
    assert_eq!(guesses(&mut gate, one, at(0)), 10);
    assert!(gate.admits(same, at(0)).is_err());
    assert_eq!(gate.admits(other, at(0)), Ok(()));
    assert_eq!(owner("::ffff:192.0.2.1".parse().expect("an address")), CLIENT);
}

#[test]
fn it_remembers_a_bounded_number_of_clients_and_forgets_the_most_harmless_first() {
    let mut gate = Gate::default();
    assert_eq!(guesses(&mut gate, CLIENT, at(0)), 10);
    for number in 0..3 * CLIENTS {
        gate.failed(numbered(number), at(1));
        assert!(gate.buckets.len() <= CLIENTS);
    }
    assert_eq!(gate.admits(CLIENT, at(0)), Err(at(10)));
}

#[test]
fn who_guessed_is_not_forgotten_for_any_number_of_those_who_only_asked() {
    let mut gate = Gate::default();
    gate.failed(CLIENT, at(0));
    for number in 0..3 * CLIENTS {
        for _ in 0..20 {
            gate.came_without(numbered(number), at(1));
            assert!(gate.opens(numbered(number), at(1)).is_ok());
        }
    }
    assert_eq!(guesses(&mut gate, CLIENT, at(1)), 9);
}

#[test]
fn those_whose_points_are_back_make_room_for_all_others() {
    let mut gate = Gate::default();
    for number in 0..CLIENTS {
        gate.failed(numbered(number), at(0));
    }
    gate.failed(CLIENT, at(10));
    assert_eq!(gate.buckets.len(), 1);
}

#[test]
fn a_client_is_worth_a_line_in_the_log_once_a_minute() {
    let mut gate = Gate::default();
    let told: Vec<u64> = (0..150).filter(|second| gate.failed(CLIENT, at(*second))).collect();
    assert_eq!(told, [0, 60, 120]);
}
