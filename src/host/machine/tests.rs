//! Each check both ways, on texts as kernels give them.

use super::*;

fn result(check: Check) -> (Verdict, String) {
    (check.result, check.seen)
}

fn verdict(facts: &Facts, name: &str) -> Verdict {
    checks(facts).into_iter().find(|check| check.name == name).unwrap().result
}

fn interface(name: &str, up: bool, running: bool, addresses: &[&str]) -> Interface {
    let addresses = addresses.iter().map(|a| (*a).to_owned()).collect();
    Interface { name: name.to_owned(), up, running, loopback: name == "lo", addresses }
}

const ROUTES: &str = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
const LOOPBACK_IPV6: &str = "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n";

/// A laptop as it should be.
fn fit() -> Facts {
    Facts {
        interfaces: Some(vec![
            interface("lo", true, true, &["127.0.0.1", "::1"]),
            interface("eth0", false, false, &[]),
        ]),
        routes: Some(ROUTES.to_owned()),
        routes_ipv6: Some(LOOPBACK_IPV6.to_owned()),
        radios: Some(vec![Radio { name: "hci0".into(), kind: "bluetooth".into(), blocked: true }]),
        bluetooth: Some(vec!["hci0".into()]),
        swaps: Some("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".into()),
        core_pattern: Some("|/bin/false\n".into()),
        power_state: Some("freeze mem disk\n".into()),
        power_disk: Some("[platform] shutdown reboot\n".into()),
        ptrace_scope: Some("1\n".into()),
        hardware_clock: "2026-11-21T09:29:30Z".parse().ok(),
        clock: "2026-11-21T09:30:00Z".parse().unwrap(),
        time_zone: Some("Europe/Berlin (UTC+01)".into()),
        random_ready: Some(true),
        cpuinfo: Some("processor\t: 0\nflags\t\t: fpu vme de\n".into()),
        hardware: vec!["LENOVO".into(), "20XW".into()],
        container: None,
        others: Some(Vec::new()),
        fences: Vec::new(),
        trials: Vec::new(),
    }
}

#[test]
fn a_machine_as_it_should_be_passes_every_check() {
    for check in checks(&fit()) {
        assert_eq!(check.result, Verdict::Pass, "{check:?}");
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_never_a_pass() {
    for check in checks(&Facts::default()) {
        assert_eq!(check.result, Verdict::Unknown, "{check:?}");
    }
}

#[test]
fn each_check_sees_the_one_thing_that_is_wrong() {
    type Spoil = fn(&mut Facts);
    let table: [(&str, Verdict, Spoil); 22] = [
        ("interfaces", Verdict::Fail, |f| f.interfaces = Some(vec![interface("eth0", true, true, &[])])),
        ("interfaces", Verdict::Warn, |f| f.interfaces = Some(vec![interface("eth0", true, false, &[])])),
        ("addresses", Verdict::Fail, |f| f.interfaces = Some(vec![interface("eth0", true, true, &["192.0.2.2"])])),
        ("routes", Verdict::Fail, |f| f.routes = Some(format!("{ROUTES}eth0\t00000000\t010200C0\t0003\t0\n"))),
        ("routes", Verdict::Fail, |f| f.routes_ipv6 = Some(LOOPBACK_IPV6.replace(" lo", " wlan0"))),
        ("radios", Verdict::Fail, |f| f.radios.as_mut().unwrap()[0].blocked = false),
        ("bluetooth", Verdict::Fail, |f| f.bluetooth.as_mut().unwrap().push("hci1".into())),
        ("swap", Verdict::Fail, |f| f.swaps.as_mut().unwrap().push_str("/dev/dm-1 partition 8388604 0 -2\n")),
        ("core-dumps", Verdict::Warn, |f| f.core_pattern = Some("|/usr/share/apport/apport %p %s\n".into())),
        ("hibernation", Verdict::Warn, |f| f.swaps.as_mut().unwrap().push_str("/dev/dm-1 partition 8388604 0 -2\n")),
        ("ptrace-scope", Verdict::Warn, |f| f.ptrace_scope = Some("0\n".into())),
        ("clock-rtc", Verdict::Warn, |f| f.hardware_clock = "2026-11-21T09:27:59Z".parse().ok()),
        ("clock-rtc", Verdict::Warn, |f| f.hardware_clock = "2026-11-21T10:30:00Z".parse().ok()),
        ("timezone", Verdict::Unknown, |f| f.time_zone = None),
        ("entropy", Verdict::Fail, |f| f.random_ready = Some(false)),
        ("virtual-machine", Verdict::Warn, |f| f.cpuinfo = Some("flags : fpu hypervisor\n".into())),
        ("virtual-machine", Verdict::Warn, |f| f.hardware = vec!["QEMU".into(), "Standard PC".into()]),
        ("virtual-machine", Verdict::Warn, |f| f.container = Some("docker".into())),
        ("virtual-machine", Verdict::Unknown, |f| {
            // ARM has no flag, and this board no firmware tables.
            (f.cpuinfo, f.hardware) = (Some("processor : 0\nFeatures : fp asimd\n".into()), Vec::new());
        }),
        ("users", Verdict::Fail, |f| f.others = Some(vec!["mallory".into()])),
        ("users", Verdict::Unknown, |f| f.others = None),
        ("radios", Verdict::Unknown, |f| f.radios = None),
    ];
    for (name, wanted, spoil) in table {
        let mut facts = fit();
        spoil(&mut facts);
        assert_eq!(verdict(&facts, name), wanted, "{name}");
    }
}

#[test]
fn every_check_that_does_not_pass_says_what_to_do() {
    let mut facts = fit();
    facts.interfaces = Some(vec![interface("eth0", true, true, &["192.0.2.2"])]);
    for check in checks(&facts).iter().filter(|check| check.result != Verdict::Pass) {
        assert_eq!(check.remedy.as_deref(), Some("Take the cable out, and: ip link set eth0 down"), "{check:?}");
    }
}

#[test]
fn who_else_is_logged_in_is_named_on_the_screen_and_not_in_what_the_log_keeps() {
    let mut facts = fit();
    facts.others = Some(vec!["ada".into(), "mallory".into()]);
    let all = checks(&facts);
    let check = all.iter().find(|check| check.name == "users").unwrap();
    assert_eq!(check.seen, "2 other users logged in too");
    assert_eq!(check.remedy.as_deref(), Some("Have them log out: loginctl terminate-user ada mallory"));
}

#[test]
fn memory_that_ends_with_the_power_is_no_swap() {
    let mut facts = fit();
    facts.swaps = Some("Filename Type Size Used Priority\n/dev/zram0 partition 8388604 0 100\n".into());
    assert_eq!(verdict(&facts, "swap"), Verdict::Pass);
    // But something could be hibernated to, for all that is known.
    assert_eq!(verdict(&facts, "hibernation"), Verdict::Warn);
}

#[test]
fn the_authoritys_folder_is_private_roomy_and_here() {
    let good = Folder { free: 1 << 30, read_only: false, mode: 0o700, own: true, remote: false };
    assert_eq!(result(folder_check(Some(&good))), (Verdict::Pass, "1024 MiB free, mode 700".into()));
    for (bad, wanted) in [
        (Folder { read_only: true, ..good.clone() }, Verdict::Fail),
        (Folder { remote: true, ..good.clone() }, Verdict::Fail),
        (Folder { mode: 0o777, ..good.clone() }, Verdict::Fail),
        (Folder { mode: 0o770, ..good.clone() }, Verdict::Warn),
        (Folder { own: false, ..good.clone() }, Verdict::Warn),
        (Folder { free: 1 << 20, ..good.clone() }, Verdict::Fail),
        (Folder { free: 32 << 20, ..good.clone() }, Verdict::Warn),
    ] {
        assert_eq!(folder_check(Some(&bad)).result, wanted, "{bad:?}");
    }
    assert_eq!(folder_check(None).result, Verdict::Unknown);
}

#[test]
fn a_fence_passes_only_if_it_was_put_up_and_held_when_tried() {
    let fence =
        |degraded: Option<&str>| Fence { name: "network", stands: "no sockets", degraded: degraded.map(str::to_owned) };
    let trial = |held| Trial { fence: "network", saw: "IPv4 EPERM".into(), held };
    let of = |degraded, held| {
        let facts = Facts { fences: vec![fence(degraded)], trials: vec![trial(held)], ..fit() };
        let check = checks(&facts).pop().unwrap();
        assert_eq!(check.name, "fence-network");
        check
    };
    assert_eq!(result(of(None, Some(true))), (Verdict::Pass, "no sockets; tried: IPv4 EPERM".into()));
    assert_eq!(of(Some("an old kernel"), Some(true)).result, Verdict::Warn);
    assert_eq!(of(None, None).result, Verdict::Unknown);
    // What it says of itself counts for nothing where the trial shows otherwise.
    assert_eq!(of(None, Some(false)).result, Verdict::Fail);
}

#[test]
fn who_waits_for_a_login_is_nobody() {
    let stat = |name: &str, terminal: i64| format!("812 ({name}) S 1 812 812 {terminal} 812 4194560 1 2 3");
    assert!(has_terminal(&stat("bash", 34816)));
    assert!(!has_terminal(&stat("bash", 0)));
    assert!(!has_terminal(&stat("agetty", 1025)));
    // A name can hold anything, parentheses and numbers too.
    assert!(has_terminal(&stat("a) S 1 2 3 0 (b", 34816)));
    assert!(!has_terminal("812"));
}

#[test]
fn a_user_has_a_name_or_a_number() {
    let passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/bash\n";
    assert_eq!(user_name(passwd, 1000), "ada");
    assert_eq!(user_name(passwd, 1001), "user 1001");
}

#[test]
fn a_line_of_proc_is_found_by_its_key() {
    let status = "Name:\tanchorite\nVmLck:\t       0 kB\nThreads:\t1\n";
    assert_eq!(entry_of(status, "VmLck"), Some("0 kB"));
    assert_eq!(entry_of(status, "Vm"), None);
}
