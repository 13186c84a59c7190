/* The token's own speed: C_SignInit and C_Sign in a loop, over as many sessions as asked, and nothing else.
 *
 * bench.sh divides Anchorite's time by this one's. It shares no code with Anchorite: the few PKCS#11 types
 * (v2.40, unpacked as on Unix) are declared here, and functions are called through C_GetFunctionList by position.
 *
 *   cc -std=gnu11 -O2 -o raw-sign raw-sign.c -ldl -lpthread
 *   raw-sign MODULE SERIAL PIN-FILE KEY-ID-HEX MECHANISM COUNT SESSIONS
 *
 * MECHANISM: rsa-sha256 (CKM_SHA256_RSA_PKCS over 1,000 bytes), rsa (CKM_RSA_PKCS over a DigestInfo of SHA-256),
 * ecdsa256, ecdsa384 (CKM_ECDSA over a hash of 32 or 48 bytes). Prints the seconds of signing, and of the start
 * (initialise, log in, find the key) as a second number. Exit 1 with a reason on stderr.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef unsigned long ulong_t;
typedef unsigned char byte_t;
typedef ulong_t (*function_t)();

struct version { byte_t major, minor; };
/* CK_FUNCTION_LIST: a version, then 68 pointers in the order of the standard. */
struct function_list { struct version version; function_t call[68]; };
enum {
    INITIALIZE = 0, FINALIZE = 1, GET_SLOT_LIST = 4, GET_TOKEN_INFO = 6, OPEN_SESSION = 12, CLOSE_SESSION = 13,
    LOGIN = 18, LOGOUT = 19, FIND_INIT = 26, FIND = 27, FIND_FINAL = 28, SIGN_INIT = 42, SIGN = 43,
};
struct initialize_args { void *mutexes[4]; ulong_t flags; void *reserved; };
struct token_info {
    byte_t label[32], manufacturer[32], model[16], serial[16];
    ulong_t numbers[11];
    struct version hardware, firmware;
    byte_t utc_time[16];
};
struct attribute { ulong_t type; void *value; ulong_t length; };
struct mechanism { ulong_t mechanism; void *parameter; ulong_t length; };

static struct function_list *p11;
static ulong_t slot, mechanism_type, count;
static byte_t id[64];
static ulong_t id_length;
static byte_t input[1000];
static ulong_t input_length;
static atomic_ulong next_message;

static void fail(const char *what, ulong_t rv) {
    fprintf(stderr, "raw-sign: %s: 0x%lx\n", what, rv);
    exit(1);
}

static void ask(const char *what, ulong_t rv) {
    if (rv != 0) fail(what, rv);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static ulong_t find_key(ulong_t session) {
    ulong_t private_key = 3, key = 0, found = 0;
    struct attribute template[] = { { 0x0, &private_key, sizeof private_key }, { 0x102, id, id_length } };
    ask("C_FindObjectsInit", p11->call[FIND_INIT](session, template, 2UL));
    ask("C_FindObjects", p11->call[FIND](session, &key, 1UL, &found));
    ask("C_FindObjectsFinal", p11->call[FIND_FINAL](session));
    if (found != 1) fail("no key with this id", 0);
    return key;
}

struct lane { pthread_t thread; ulong_t session, key; };

static void *sign_until_done(void *argument) {
    struct lane *lane = argument;
    struct mechanism mechanism = { mechanism_type, NULL, 0 };
    byte_t signature[1024];
    while (atomic_fetch_add(&next_message, 1) < count) {
        ulong_t length = sizeof signature;
        ask("C_SignInit", p11->call[SIGN_INIT](lane->session, &mechanism, lane->key));
        ask("C_Sign", p11->call[SIGN](lane->session, input, input_length, signature, &length));
    }
    return NULL;
}

static void choose_mechanism(const char *name) {
    static const byte_t sha256_info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                          0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    memset(input, 0x5a, sizeof input);
    if (strcmp(name, "rsa-sha256") == 0) {
        mechanism_type = 0x40, input_length = 1000;
    } else if (strcmp(name, "rsa") == 0) {
        mechanism_type = 0x1, input_length = sizeof sha256_info + 32;
        memcpy(input, sha256_info, sizeof sha256_info);
    } else if (strcmp(name, "ecdsa256") == 0) {
        mechanism_type = 0x1041, input_length = 32;
    } else if (strcmp(name, "ecdsa384") == 0) {
        mechanism_type = 0x1041, input_length = 48;
    } else {
        fail("unknown mechanism", 0);
    }
}

static void find_slot(const char *serial) {
    ulong_t slots[64], slot_count = 64;
    ask("C_GetSlotList", p11->call[GET_SLOT_LIST]((byte_t)1, slots, &slot_count));
    for (ulong_t i = 0; i < slot_count; i++) {
        struct token_info info;
        if (p11->call[GET_TOKEN_INFO](slots[i], &info) != 0) continue;
        if (strlen(serial) <= 16 && memcmp(info.serial, serial, strlen(serial)) == 0) {
            slot = slots[i];
            return;
        }
    }
    fail("no token with this serial number", 0);
}

static ulong_t read_pin(const char *path, byte_t *pin, ulong_t room) {
    FILE *file = fopen(path, "r");
    if (file == NULL) fail("cannot read the PIN file", 0);
    ulong_t length = fread(pin, 1, room, file);
    fclose(file);
    while (length > 0 && (pin[length - 1] == '\n' || pin[length - 1] == '\r')) length--;
    return length;
}

int main(int argc, char **argv) {
    if (argc != 8) fail("usage: MODULE SERIAL PIN-FILE KEY-ID-HEX MECHANISM COUNT SESSIONS", 0);
    byte_t pin[256];
    ulong_t pin_length = read_pin(argv[3], pin, sizeof pin);
    for (const char *hex = argv[4]; hex[0] && hex[1] && id_length < sizeof id; hex += 2) {
        unsigned value;
        if (sscanf(hex, "%2x", &value) != 1) fail("the key id is not hex", 0);
        id[id_length++] = (byte_t)value;
    }
    choose_mechanism(argv[5]);
    count = strtoul(argv[6], NULL, 10);
    ulong_t sessions = strtoul(argv[7], NULL, 10);
    if (sessions < 1 || sessions > 64) fail("1 to 64 sessions", 0);

    double started = now();
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fail(dlerror(), 0);
    function_t get_function_list = (function_t)dlsym(library, "C_GetFunctionList");
    if (get_function_list == NULL) fail("not a PKCS#11 module", 0);
    ask("C_GetFunctionList", get_function_list(&p11));
    struct initialize_args arguments = { { NULL }, 2 /* CKF_OS_LOCKING_OK */, NULL };
    ask("C_Initialize", p11->call[INITIALIZE](&arguments));
    find_slot(argv[2]);
    struct lane lanes[64];
    for (ulong_t i = 0; i < sessions; i++) {
        ask("C_OpenSession", p11->call[OPEN_SESSION](slot, 4UL /* CKF_SERIAL_SESSION */, NULL, NULL, &lanes[i].session));
        if (i == 0) ask("C_Login", p11->call[LOGIN](lanes[0].session, 1UL /* CKU_USER */, pin, pin_length));
        lanes[i].key = find_key(lanes[i].session);
    }
    double ready = now();
    for (ulong_t i = 1; i < sessions; i++)
        if (pthread_create(&lanes[i].thread, NULL, sign_until_done, &lanes[i]) != 0) fail("no thread", 0);
    sign_until_done(&lanes[0]);
    for (ulong_t i = 1; i < sessions; i++) pthread_join(lanes[i].thread, NULL);
    double done = now();
    ask("C_Logout", p11->call[LOGOUT](lanes[0].session));
    ask("C_Finalize", p11->call[FINALIZE](NULL));
    printf("%.6f %.6f\n", done - ready, ready - started);
    return 0;
}
