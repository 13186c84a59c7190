//! The fence around the network: a seccomp filter for every thread. Sockets are for Unix addresses (pcscd, a
//! vendor's daemon) and the kernel's netlink news of links and devices (libusb); what is denied fails with
//! EPERM, so that a module can say what it wanted.
//!
//! Everything that makes a socket another way is denied too: io_uring, the x32 calls and those of other
//! architectures, which a filter by number does not see. Source: seccomp(2), socket(2), netlink(7).

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, sock_filter,
};
use std::collections::BTreeMap;

/// EPERM, as the kernel numbers it on every architecture.
const EPERM: u32 = 1;
/// SECCOMP_RET_ERRNO with EPERM (linux/seccomp.h).
const DENY: u32 = 0x0005_0000 | EPERM;
/// Calls of the x32 interface have this bit in their number (arch/x86/include/uapi/asm/unistd.h).
const X32: u32 = 0x4000_0000;

/// This machine's architecture: for the filter's compiler, and as the kernel names it (linux/audit.h).
fn architecture() -> Option<(TargetArch, u32)> {
    match std::env::consts::ARCH {
        "x86_64" => Some((TargetArch::x86_64, 0xc000_003e)),
        "aarch64" => Some((TargetArch::aarch64, 0xc000_00b7)),
        "riscv64" => Some((TargetArch::riscv64, 0xc000_00f3)),
        _ => None,
    }
}

/// Closes the network for all threads.
pub(super) fn close() -> Result<(), String> {
    let Some((target, audit)) = architecture() else {
        return Err(format!("no filter of system calls is known for {}", std::env::consts::ARCH));
    };
    let program = program(target, audit).map_err(|error| error.to_string())?;
    seccompiler::apply_filter_all_threads(&program)
        .map_err(|error| format!("the kernel takes no filter of system calls: {error}"))
}

fn program(target: TargetArch, audit: u32) -> Result<BpfProgram, seccompiler::BackendError> {
    let filter = SeccompFilter::new(rules()?, SeccompAction::Allow, SeccompAction::Errno(EPERM), target)?;
    let mut program = gate(audit, target == TargetArch::x86_64);
    // Jumps are relative, so what was compiled works behind the gate as it does alone.
    program.extend(BpfProgram::try_from(filter)?);
    Ok(program)
}

/// Denies calls of other architectures (the compiled filter would kill the process) and of x32.
fn gate(audit: u32, x32: bool) -> BpfProgram {
    let (load, equal, at_least, answer) = (0x20, 0x15, 0x35, 0x06);
    let step = |code, jt, jf, k| sock_filter { code, jt, jf, k };
    // Offsets in struct seccomp_data: the call's number is at 0, the architecture at 4.
    let mut gate = vec![step(load, 0, 0, 4), step(equal, 1, 0, audit), step(answer, 0, 0, DENY)];
    if x32 {
        gate.push(step(load, 0, 0, 0));
        // A tracer that skips a call sets its number to -1.
        gate.push(step(equal, 2, 0, u32::MAX));
        gate.push(step(at_least, 0, 1, X32));
        gate.push(step(answer, 0, 0, DENY));
    }
    gate
}

/// The calls that are denied; a rule's conditions must all hold, one rule of a call is enough.
fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let is = |argument, comparison, value: libc::c_int| {
        // Families and protocols are small positive numbers.
        let value = u64::from(value.unsigned_abs());
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value)
    };
    let another_family =
        SeccompRule::new(vec![is(0, SeccompCmpOp::Ne, libc::AF_UNIX)?, is(0, SeccompCmpOp::Ne, libc::AF_NETLINK)?])?;
    let other_news = SeccompRule::new(vec![
        is(0, SeccompCmpOp::Eq, libc::AF_NETLINK)?,
        is(2, SeccompCmpOp::Ne, libc::NETLINK_ROUTE)?,
        is(2, SeccompCmpOp::Ne, libc::NETLINK_KOBJECT_UEVENT)?,
    ])?;
    let another_pair = SeccompRule::new(vec![is(0, SeccompCmpOp::Ne, libc::AF_UNIX)?])?;
    Ok(BTreeMap::from([
        (libc::SYS_socket, vec![another_family, other_news]),
        (libc::SYS_socketpair, vec![another_pair]),
        // An empty list is every call of this number.
        (libc::SYS_io_uring_setup, vec![]),
        (libc::SYS_io_uring_enter, vec![]),
        (libc::SYS_io_uring_register, vec![]),
    ]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOW: u32 = 0x7fff_0000;

    /// Runs a program on a call as the kernel would: number, architecture, arguments.
    fn verdict(program: &BpfProgram, number: u32, audit: u32, arguments: [u64; 3]) -> u32 {
        let mut data = [0u32; 16];
        (data[0], data[1]) = (number, audit);
        for (i, argument) in arguments.iter().enumerate() {
            data[4 + 2 * i] = u32::try_from(argument & 0xffff_ffff).unwrap();
            data[5 + 2 * i] = u32::try_from(argument >> 32).unwrap();
        }
        let (mut at, mut a) = (0, 0);
        loop {
            let step = &program[at];
            at += 1;
            let jump = |taken: bool| usize::from(if taken { step.jt } else { step.jf });
            match step.code {
                0x20 => a = data[usize::try_from(step.k / 4).unwrap()],
                0x54 => a &= step.k,
                0x05 => at += usize::try_from(step.k).unwrap(),
                0x15 => at += jump(a == step.k),
                0x25 => at += jump(a > step.k),
                0x35 => at += jump(a >= step.k),
                0x06 => return step.k,
                other => panic!("an instruction this test does not know: {other:#x}"),
            }
        }
    }

    fn on_x86_64(number: i64, arguments: [u64; 3]) -> u32 {
        let program = program(TargetArch::x86_64, 0xc000_003e).unwrap();
        verdict(&program, u32::try_from(number).unwrap(), 0xc000_003e, arguments)
    }

    fn number(value: libc::c_int) -> u64 {
        u64::try_from(value).unwrap()
    }

    #[test]
    fn sockets_are_for_unix_addresses_and_two_kinds_of_netlink() {
        let socket = |family, protocol| on_x86_64(libc::SYS_socket, [number(family), 1, number(protocol)]);
        assert_eq!(socket(libc::AF_UNIX, 0), ALLOW);
        assert_eq!(socket(libc::AF_NETLINK, libc::NETLINK_ROUTE), ALLOW);
        assert_eq!(socket(libc::AF_NETLINK, libc::NETLINK_KOBJECT_UEVENT), ALLOW);
        for family in [libc::AF_INET, libc::AF_INET6, libc::AF_PACKET, libc::AF_VSOCK, libc::AF_BLUETOOTH, libc::AF_ALG]
        {
            assert_eq!(socket(family, 0), DENY, "family {family}");
        }
        assert_eq!(socket(libc::AF_NETLINK, libc::NETLINK_NETFILTER), DENY);
        assert_eq!(on_x86_64(libc::SYS_socketpair, [number(libc::AF_UNIX), 1, 0]), ALLOW);
        assert_eq!(on_x86_64(libc::SYS_socketpair, [number(libc::AF_INET), 1, 0]), DENY);
    }

    #[test]
    fn a_family_cannot_hide_in_the_upper_half_of_its_argument() {
        // The kernel looks at 32 bits of it, so the filter must too.
        assert_eq!(on_x86_64(libc::SYS_socket, [(1 << 32) | number(libc::AF_INET), 1, 0]), DENY);
        assert_eq!(on_x86_64(libc::SYS_socket, [(7 << 32) | number(libc::AF_UNIX), 1, 0]), ALLOW);
    }

    #[test]
    fn the_ways_around_the_filter_are_denied_and_nothing_else_is() {
        for call in [libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register] {
            assert_eq!(on_x86_64(call, [0; 3]), DENY);
        }
        let x32_socket = libc::SYS_socket | i64::from(X32);
        assert_eq!(on_x86_64(x32_socket, [number(libc::AF_UNIX), 1, 0]), DENY);
        for call in [libc::SYS_read, libc::SYS_openat, libc::SYS_ioctl, libc::SYS_connect, libc::SYS_clone] {
            assert_eq!(on_x86_64(call, [0; 3]), ALLOW);
        }
        let program = program(TargetArch::x86_64, 0xc000_003e).unwrap();
        // socketcall of i386, which is another architecture to the kernel.
        assert_eq!(verdict(&program, 102, 0x4000_0003, [0; 3]), DENY);
        // A skipped call is no call of x32.
        assert_eq!(verdict(&program, u32::MAX, 0xc000_003e, [0; 3]), ALLOW);
    }
}
