/*
 * Preloaded into a process, notes in RECORDER_LOG everything that the process does to files below
 * RECORDER_FOLDER, in order, with the bytes: what a disk would have to keep, and when it was told to.
 * `recorded-disk.ts` reads the log; the two must agree on its format:
 *
 *   u8 operation, u16 length of path, path, u64 number, u32 length of data, data (little-endian)
 *
 * A sync takes RECORDER_SYNC_MS. The process is killed once there is a file RECORDER_LOG.kill: between what is noted, never between
 * something and its note. Started again it goes on with the same log.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILES 65536

struct opened {
	char *path;
	dev_t device;
	ino_t inode;
	int is_synchronous;
};

static struct opened files[MAX_FILES];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static long sync_ms;
static const char *folder;
static size_t folder_length;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
	return dlsym(RTLD_NEXT, name);
}

/* Never returns. */
static void *wait_for_kill(void *path) {
	struct timespec pause = {0, 2000000};
	while (access(path, F_OK) != 0) nanosleep(&pause, NULL);
	pthread_mutex_lock(&mutex);
	kill(getpid(), SIGKILL);
	pause.tv_sec = 60;
	for (;;) nanosleep(&pause, NULL);
}

__attribute__((constructor)) static void start(void) {
	static char killed[4096];
	pthread_t waiting;
	const char *path = getenv("RECORDER_LOG");
	folder = getenv("RECORDER_FOLDER");
	if (path == NULL || folder == NULL) return;
	folder_length = strlen(folder);
	sync_ms = atol(getenv("RECORDER_SYNC_MS"));
	log_file = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	snprintf(killed, sizeof killed, "%s.kill", path);
	pthread_create(&waiting, NULL, wait_for_kill, killed);
}

static int is_recorded(const char *path) {
	return log_file >= 0 && path != NULL && strncmp(path, folder, folder_length) == 0 &&
		(path[folder_length] == '/' || path[folder_length] == 0);
}

/* Node closes files by a system call that nobody sees: the number may be another file's by now. */
static struct opened *opened(int fd) {
	struct stat now;
	if (log_file < 0 || fd < 0 || fd >= MAX_FILES || files[fd].path == NULL) return NULL;
	if (fstat(fd, &now) != 0) return NULL;
	if (now.st_dev != files[fd].device || now.st_ino != files[fd].inode) return NULL;
	return &files[fd];
}

static void put(const void *bytes, size_t length) {
	ssize_t (*write_now)(int, const void *, size_t) = REAL(write);
	while (length > 0) {
		ssize_t written = write_now(log_file, bytes, length);
		if (written < 0) abort();
		bytes = (const char *)bytes + written;
		length -= (size_t)written;
	}
}

static void note(char operation, const char *path, uint64_t number, const struct iovec *parts,
                 int count, size_t length) {
	uint16_t path_length = (uint16_t)strlen(path);
	uint32_t data_length = (uint32_t)length;
	put(&operation, 1);
	put(&path_length, 2);
	put(path, path_length);
	put(&number, 8);
	put(&data_length, 4);
	for (int i = 0; i < count && length > 0; i++) {
		size_t part = parts[i].iov_len < length ? parts[i].iov_len : length;
		put(parts[i].iov_base, part);
		length -= part;
	}
}

static int open_recorded(int dir, const char *path, int flags, mode_t mode) {
	int (*open_now)(int, const char *, int, ...) = REAL(openat);
	if (!is_recorded(path)) return open_now(dir, path, flags, mode);
	pthread_mutex_lock(&mutex);
	int is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
	int fd = open_now(dir, path, flags, mode);
	int error = errno;
	struct stat now;
	if (fd >= 0 && fd < MAX_FILES && fstat(fd, &now) == 0) {
		free(files[fd].path);
		files[fd].path = strdup(path);
		files[fd].device = now.st_dev;
		files[fd].inode = now.st_ino;
		files[fd].is_synchronous = (flags & (O_DSYNC | O_SYNC)) != 0;
		if (is_new) note('C', path, 0, NULL, 0, 0);
		else if (flags & O_TRUNC) note('T', path, 0, NULL, 0, 0);
	}
	pthread_mutex_unlock(&mutex);
	errno = error;
	return fd;
}

#define MODE_OF(flags)                                                                             \
	mode_t mode = 0;                                                                               \
	if ((flags) & (O_CREAT | O_TMPFILE)) {                                                         \
		va_list arguments;                                                                         \
		va_start(arguments, flags);                                                                \
		mode = va_arg(arguments, mode_t);                                                          \
		va_end(arguments);                                                                         \
	}

int open(const char *path, int flags, ...) {
	MODE_OF(flags)
	return open_recorded(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
	MODE_OF(flags)
	return open_recorded(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...) {
	MODE_OF(flags)
	return open_recorded(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...) {
	MODE_OF(flags)
	return open_recorded(dir, path, flags, mode);
}

/* `offset` below zero: where the file stands. */
static ssize_t write_recorded(int fd, const struct iovec *parts, int count, off_t offset) {
	ssize_t (*writev_now)(int, const struct iovec *, int) = REAL(writev);
	ssize_t (*pwritev_now)(int, const struct iovec *, int, off_t) = REAL(pwritev);
	pthread_mutex_lock(&mutex);
	struct opened *file = opened(fd);
	off_t start = offset;
	if (offset < 0) {
		int is_appending = (fcntl(fd, F_GETFL) & O_APPEND) != 0;
		start = lseek(fd, 0, is_appending ? SEEK_END : SEEK_CUR);
	}
	ssize_t written =
		offset < 0 ? writev_now(fd, parts, count) : pwritev_now(fd, parts, count, offset);
	int error = errno;
	if (written > 0 && file != NULL) {
		note(file->is_synchronous ? 'D' : 'W', file->path, (uint64_t)start, parts, count,
		     (size_t)written);
	}
	pthread_mutex_unlock(&mutex);
	errno = error;
	return written;
}

ssize_t write(int fd, const void *bytes, size_t length) {
	if (opened(fd) == NULL) return REAL(write)(fd, bytes, length);
	struct iovec part = {(void *)bytes, length};
	return write_recorded(fd, &part, 1, -1);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
	if (opened(fd) == NULL) return REAL(writev)(fd, parts, count);
	return write_recorded(fd, parts, count, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
	if (opened(fd) == NULL) return REAL(pwrite)(fd, bytes, length, offset);
	struct iovec part = {(void *)bytes, length};
	return write_recorded(fd, &part, 1, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
	return pwrite(fd, bytes, length, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
	if (opened(fd) == NULL) return REAL(pwritev)(fd, parts, count, offset);
	return write_recorded(fd, parts, count, offset);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
	return pwritev(fd, parts, count, offset);
}

/* A disk takes its time, in which whoever does not wait for it goes on. */
static void take_time(void) {
	struct timespec duration = {0, sync_ms * 1000000};
	nanosleep(&duration, NULL);
}

/* Nothing else is written meanwhile, so that it is clear what the sync covers. */
static int sync_recorded(int fd, int (*sync_now)(int)) {
	if (opened(fd) == NULL) return sync_now(fd);
	take_time();
	pthread_mutex_lock(&mutex);
	int result = sync_now(fd);
	int error = errno;
	if (result == 0) note('S', files[fd].path, 0, NULL, 0, 0);
	pthread_mutex_unlock(&mutex);
	errno = error;
	return result;
}

int fsync(int fd) {
	return sync_recorded(fd, REAL(fsync));
}

int fdatasync(int fd) {
	return sync_recorded(fd, REAL(fdatasync));
}

static int truncate_recorded(int fd, off_t length) {
	int (*truncate_now)(int, off_t) = REAL(ftruncate);
	if (opened(fd) == NULL) return truncate_now(fd, length);
	pthread_mutex_lock(&mutex);
	int result = truncate_now(fd, length);
	if (result == 0) note('T', files[fd].path, (uint64_t)length, NULL, 0, 0);
	pthread_mutex_unlock(&mutex);
	return result;
}

int ftruncate(int fd, off_t length) {
	return truncate_recorded(fd, length);
}

int ftruncate64(int fd, off64_t length) {
	return truncate_recorded(fd, length);
}

int rename(const char *from, const char *to) {
	int (*rename_now)(const char *, const char *) = REAL(rename);
	if (!is_recorded(from)) return rename_now(from, to);
	pthread_mutex_lock(&mutex);
	int result = rename_now(from, to);
	struct iovec part = {(void *)to, strlen(to)};
	if (result == 0) note('R', from, 0, &part, 1, part.iov_len);
	pthread_mutex_unlock(&mutex);
	return result;
}

int unlink(const char *path) {
	int (*unlink_now)(const char *) = REAL(unlink);
	if (!is_recorded(path)) return unlink_now(path);
	pthread_mutex_lock(&mutex);
	int result = unlink_now(path);
	if (result == 0) note('U', path, 0, NULL, 0, 0);
	pthread_mutex_unlock(&mutex);
	return result;
}

int mkdir(const char *path, mode_t mode) {
	int (*mkdir_now)(const char *, mode_t) = REAL(mkdir);
	if (!is_recorded(path)) return mkdir_now(path, mode);
	pthread_mutex_lock(&mutex);
	int result = mkdir_now(path, mode);
	int error = errno;
	if (result == 0) note('M', path, 0, NULL, 0, 0);
	pthread_mutex_unlock(&mutex);
	errno = error;
	return result;
}

/* Writes through memory would pass by unseen. */
static void *map_recorded(void *address, size_t length, int protection, int flags, int fd,
                          off_t offset) {
	void *(*map_now)(void *, size_t, int, int, int, off_t) = REAL(mmap);
	if (fd >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED) && opened(fd) != NULL) {
		pthread_mutex_lock(&mutex);
		note('V', files[fd].path, 0, NULL, 0, 0);
		pthread_mutex_unlock(&mutex);
	}
	return map_now(address, length, protection, flags, fd, offset);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
	return map_recorded(address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
	return map_recorded(address, length, protection, flags, fd, offset);
}
