/* A PKCS#11 module that tries to get out when it is started, and says on stderr what came of each try.
 * Compiled with -DALONE it is a program that tries the same without a fence: then everything must go well.
 *
 * ESCAPE_FILE names a file outside of what the fence allows, ESCAPE_SOCKET a Unix socket that somebody listens at. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int escaped;

static void say(const char *what, long result)
{
    fprintf(stderr, "escape: %s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
    if (result >= 0)
        escaped++;
}

static void *of_a_thread(void *unused)
{
    say("IPv4 of a thread", socket(AF_INET, SOCK_STREAM, 0));
    return unused;
}

/* A process that the module starts, and a program that this becomes: the fence goes with them. */
static void of_a_fork(const char *file)
{
    char script[4200];
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        say("IPv4 of a fork", socket(AF_INET, SOCK_STREAM, 0));
        say("write a file of a fork", open(file, O_WRONLY));
        snprintf(script, sizeof script, "echo x >> '%s'", file);
        freopen("/dev/null", "w", stderr);
        execl("/bin/sh", "sh", "-c", script, (char *)NULL);
        _exit(1);
    }
    waitpid(child, &status, 0);
    errno = EACCES;
    say("write a file of a program", status == 0 ? 0 : -1);
}

static long reach(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return fd < 0 ? fd : connect(fd, (struct sockaddr *)&address, sizeof address);
}

static void get_out(void)
{
    const char *file = getenv("ESCAPE_FILE");
    char beside[4096];
    int pair[2];
    pthread_t thread;
    struct rlimit core;

    say("IPv4", socket(AF_INET, SOCK_STREAM, 0));
    say("IPv6", socket(AF_INET6, SOCK_DGRAM, 0));
    say("raw packets", socket(AF_PACKET, SOCK_RAW, 0));
    say("firewall", socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
    say("IPv4 in the upper half", syscall(SYS_socket, (1L << 32) | AF_INET, SOCK_STREAM, 0));
    if (pthread_create(&thread, NULL, of_a_thread, NULL) == 0)
        pthread_join(thread, NULL);
    say("io_uring", syscall(SYS_io_uring_setup, 8, calloc(1, 4096)));
    of_a_fork(file);
    say("write a file", open(file, O_WRONLY));
    say("empty a file", truncate(file, 0));
    snprintf(beside, sizeof beside, "%s.2", file);
    say("make a file", open(beside, O_WRONLY | O_CREAT, 0600));
    snprintf(beside, sizeof beside, "%s.d", file);
    say("make a directory", mkdir(beside, 0700));
    say("remove a file", unlink(file));
    say("an inherited descriptor", fcntl(9, F_GETFD));

    /* What must still work, and does not count. */
    int before = escaped;
    say("Unix socket", reach(getenv("ESCAPE_SOCKET")));
    say("Unix pair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    say("news of links", socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
    say("news of devices", socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT));
    escaped = before;

    getrlimit(RLIMIT_CORE, &core);
    fprintf(stderr, "escape: dumpable %d, core %lu, privileges %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
            (unsigned long)core.rlim_max, !prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

#ifdef ALONE
int main(void)
{
    get_out();
    fprintf(stderr, "escape: %d ways out\n", escaped);
    return 0;
}
#else
/* CK_FUNCTION_LIST of PKCS#11 2.40: a version, then 68 functions of which the first is C_Initialize. */
static unsigned long initialize(void *arguments)
{
    (void)arguments;
    get_out();
    return 0x30; /* CKR_DEVICE_ERROR: it needs the internet, and says so. */
}

static unsigned long unsupported(void)
{
    return 0x54; /* CKR_FUNCTION_NOT_SUPPORTED */
}

static struct {
    unsigned char major, minor;
    void *functions[68];
} list = {2, 40, {0}};

unsigned long C_GetFunctionList(void **to)
{
    for (int i = 0; i < 68; i++)
        list.functions[i] = unsupported;
    list.functions[0] = initialize;
    *to = &list;
    return 0;
}
#endif
