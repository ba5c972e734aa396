internal import Glibc

/// The machine's memory.
public enum Memory {
    /// All of it, in bytes.
    public static var physical: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    }
}
