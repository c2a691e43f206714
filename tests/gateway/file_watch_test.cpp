#include <bearergate/gateway/file_watch.hpp>

#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <new>
#include <utility>
#include <vector>

namespace bearergate::gateway {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class FileWatchTest : public testing::Test {
protected:
    void watch(const std::vector<std::string>& files) { watch_.watch(files); }
    // What is heard until something is, or for this long.
    std::set<std::string> heard(std::chrono::milliseconds longest = 10s) {
        const auto end = std::chrono::steady_clock::now() + longest;
        while (heard_.empty() && std::chrono::steady_clock::now() < end) io_.run_one_for(20ms);
        return std::exchange(heard_, {});
    }
    // As an editor or a deployment does it.
    void replace(const std::string& name, const std::string& text) {
        fs::rename(folder_.write(name + ".new", text), folder_.file(name));
    }
    void make(const std::string& folder, const std::string& text) {
        fs::create_directories(folder_.path() / folder);
        folder_.write(folder + "/a.yaml", text);
    }

    boost::asio::io_context io_{1};
    test::TemporaryFolder folder_{};
    std::set<std::string> heard_{};
    int fails_ = 0;  // that many times it cannot be heard
    FileWatch watch_{io_, [this](const std::set<std::string>& files) {
                         if (std::exchange(fails_, std::max(fails_ - 1, 0)) > 0)
                             throw std::bad_alloc();
                         heard_ = files;
                     }};
};

using Names = std::set<std::string>;

TEST_F(FileWatchTest, HearsOfAFileThatIsWrittenAndClosed) {
    const std::string file = folder_.write("a.yaml", "one");
    watch({file});
    folder_.write("a.yaml", "two");
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, HearsNothingInTheMiddleOfAWrite) {
    const std::string file = folder_.write("a.yaml", "one");
    watch({file});
    std::ofstream half(file);
    half << "ha" << std::flush;
    folder_.write("b.yaml", "something else, whole");
    EXPECT_EQ(heard(300ms), Names{});
    half << "lf";
    half.close();
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, KnowsWhatIsBeingWritten) {
    const std::string file = folder_.write("a.yaml", "one");
    const std::string other = folder_.write("b.yaml", "one");
    const std::string late = folder_.file("late.yaml");
    watch({file, other, late});
    EXPECT_FALSE(watch_.is_being_written(file));
    std::ofstream half(file);
    half << "ha" << std::flush;
    std::ofstream half_of_late(late);
    replace("b.yaml", "whole");
    EXPECT_EQ(heard(), Names{other});
    EXPECT_TRUE(watch_.is_being_written(file));
    EXPECT_TRUE(watch_.is_being_written(late));
    EXPECT_FALSE(watch_.is_being_written(other));
    half << "lf";
    half.close();
    EXPECT_EQ(heard(), Names{file});
    EXPECT_FALSE(watch_.is_being_written(file));
    half_of_late.close();
    EXPECT_EQ(heard(), Names{late});
    EXPECT_FALSE(watch_.is_being_written(late));
}

// Whoever has the old one open still may write as long as he likes.
TEST_F(FileWatchTest, WhatWasReplacedIsNotBeingWritten) {
    const std::string file = folder_.write("a.yaml", "one");
    watch({file});
    std::ofstream old(file);
    old << "ha" << std::flush;
    replace("a.yaml", "two");
    old << "lf" << std::flush;
    EXPECT_EQ(heard(), Names{file});
    old << "and more" << std::flush;
    EXPECT_EQ(heard(300ms), Names{});
    EXPECT_FALSE(watch_.is_being_written(file));
}

TEST_F(FileWatchTest, AFileThatIsWrittenOnceMoreIsBeingWritten) {
    const std::string file = folder_.write("a.yaml", "one");
    watch({file});
    folder_.write("a.yaml", "two");
    std::ofstream half(file);
    half << "ha" << std::flush;
    EXPECT_EQ(heard(), Names{file});
    EXPECT_TRUE(watch_.is_being_written(file));
}

// As to a single file that is mounted into a container: the folder that is watched sees nothing.
TEST_F(FileWatchTest, HearsOfAWriteThatCameByAnotherFolder) {
    const test::TemporaryFolder elsewhere;
    const std::string file = folder_.write("a.yaml", "one");
    fs::create_hard_link(file, elsewhere.file("same.yaml"));
    watch({file});
    for (const char* text : {"two", "three"}) {
        elsewhere.write("same.yaml", text);
        EXPECT_EQ(heard(), Names{file}) << text;
    }
}

// As nobody who may enter the folder and not list it.
TEST_F(FileWatchTest, LooksAtWhatItMayNotWatch) {
    const std::string file = folder_.write("a.yaml", "one");
    fs::permissions(folder_.path(), fs::perms::owner_write | fs::perms::owner_exec |
                                        fs::perms::others_exec | fs::perms::group_exec);
    const bool is_root = ::geteuid() == 0;
    const auto as_nobody = [&](bool so) {
        if (is_root) ASSERT_EQ(::seteuid(so ? 65534 : 0), 0);
    };
    as_nobody(true);
    watch({file});
    as_nobody(false);
    replace("a.yaml", "two, of another length");
    as_nobody(true);
    EXPECT_EQ(heard(), Names{file});
    EXPECT_EQ(heard(3s), Names{}) << "once";
    as_nobody(false);
    fs::permissions(folder_.path(), fs::perms::owner_all);
}

TEST_F(FileWatchTest, HearsOfAFileThatIsMovedIntoPlaceAgainAndAgain) {
    const std::string file = folder_.write("a.yaml", "one");
    watch({file});
    for (const char* text : {"two", "three", "four"}) {
        replace("a.yaml", text);
        EXPECT_EQ(heard(), Names{file}) << text;
    }
}

TEST_F(FileWatchTest, HearsOfAFileThatWasNotThere) {
    const std::string file = folder_.file("late.yaml");
    watch({file});
    folder_.write("late.yaml", "here");
    EXPECT_EQ(heard(), Names{file});
}

// A volume in Kubernetes: NAME -> ..data/NAME, ..data -> ..VERSION, and an update swaps the
// second link.
TEST_F(FileWatchTest, HearsOfASwappedLinkOnTheWayToTheFile) {
    const auto version = [&](const std::string& name) {
        fs::create_directory(folder_.path() / name);
        folder_.write(name + "/a.yaml", name);
    };
    version("..1");
    fs::create_directory_symlink("..1", folder_.path() / "..data");
    fs::create_symlink("..data/a.yaml", folder_.path() / "a.yaml");
    const std::string file = folder_.file("a.yaml");
    watch({file});
    for (const std::string next : {"..2", "..3"}) {
        version(next);
        fs::create_directory_symlink(next, folder_.path() / "..data_tmp");
        fs::rename(folder_.path() / "..data_tmp", folder_.path() / "..data");
        EXPECT_EQ(heard(), Names{file}) << next;
        EXPECT_EQ(heard(300ms), Names{}) << "once";
        folder_.write(next + "/a.yaml", "changed where the links lead");
        EXPECT_EQ(heard(), Names{file}) << next;
    }
}

TEST_F(FileWatchTest, HearsOfALinkThatIsMadeAnew) {
    folder_.write("one.yaml", "one");
    folder_.write("two.yaml", "two");
    const std::string file = folder_.file("a.yaml");
    fs::create_symlink("one.yaml", file);
    watch({file});
    fs::remove(file);
    fs::create_symlink("two.yaml", file);
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, TellsWhichFilesChangedAndNotOfOthers) {
    const std::string a = folder_.write("a.yaml", "one");
    const std::string b = folder_.write("b.crt", "one");
    const std::string c = folder_.write("c.json", "one");
    watch({a, b, c});
    folder_.write("d.txt", "nobody asked");
    EXPECT_EQ(heard(300ms), Names{});
    replace("a.yaml", "two");
    replace("b.crt", "two");
    EXPECT_EQ(heard(), (Names{a, b}));
}

TEST_F(FileWatchTest, ForgetsWhatIsNoLongerAskedFor) {
    const std::string a = folder_.write("a.yaml", "one");
    const std::string b = folder_.write("b.yaml", "one");
    watch({a});
    watch({b});
    folder_.write("a.yaml", "two");
    EXPECT_EQ(heard(300ms), Names{});
    folder_.write("b.yaml", "two");
    EXPECT_EQ(heard(), Names{b});
}

TEST_F(FileWatchTest, TellsAgainWhatCouldNotBeHeardForWantOfMemory) {
    const std::string file = folder_.write("a.yaml", "one");
    watch({file});
    fails_ = 2;
    replace("a.yaml", "two");
    EXPECT_EQ(heard(), Names{file});
    EXPECT_EQ(fails_, 0);
    EXPECT_EQ(heard(300ms), Names{}) << "once it has been heard, no more";
}

TEST_F(FileWatchTest, SurvivesLinksThatGoInCircles) {
    const std::string file = folder_.file("a.yaml");
    fs::create_symlink("b.yaml", file);
    fs::create_symlink("a.yaml", folder_.file("b.yaml"));
    watch({file});
    fs::remove(file);
    folder_.write("a.yaml", "a file after all");
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, HearsOfAFolderThatIsMovedIntoPlaceAgainAndAgain) {
    make("conf", "one");
    const std::string file = folder_.file("conf/a.yaml");
    watch({file});
    for (const std::string text : {"two", "three"}) {
        make("conf." + text, text);
        fs::rename(folder_.path() / "conf", folder_.path() / ("conf.before " + text));
        fs::rename(folder_.path() / ("conf." + text), folder_.path() / "conf");
        EXPECT_EQ(heard(), Names{file}) << text;
        EXPECT_EQ(heard(300ms), Names{}) << "once";
        folder_.write("conf/a.yaml", "changed in the new folder");
        EXPECT_EQ(heard(), Names{file}) << text;
        folder_.write("conf.before " + text + "/a.yaml", "changed in the old one");
        EXPECT_EQ(heard(300ms), Names{}) << text;
    }
}

TEST_F(FileWatchTest, HearsOfAFolderThatIsRemovedAndMadeAnew) {
    make("conf", "one");
    const std::string file = folder_.file("conf/a.yaml");
    watch({file});
    for (const std::string text : {"two", "three"}) {
        fs::remove_all(folder_.path() / "conf");
        EXPECT_EQ(heard(300ms), Names{}) << "there is nothing to read";
        fs::create_directory(folder_.path() / "conf");
        EXPECT_EQ(heard(300ms), Names{}) << "there is nothing to read";
        folder_.write("conf/a.yaml", text);
        EXPECT_EQ(heard(), Names{file}) << text;
    }
    fs::remove_all(folder_.path() / "conf");
    make("conf", "at once");
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, HearsOfFoldersFurtherUpAndOfThoseThatWereNotThere) {
    const std::string file = folder_.file("a/b/c/a.yaml");
    watch({file});
    make("a/b/c", "one");
    EXPECT_EQ(heard(), Names{file});
    make("other/b/c", "two");
    fs::rename(folder_.path() / "a", folder_.path() / "old");
    EXPECT_EQ(heard(300ms), Names{});
    fs::rename(folder_.path() / "other", folder_.path() / "a");
    EXPECT_EQ(heard(), Names{file});
    folder_.write("a/b/c/a.yaml", "three");
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, HearsNothingInTheMiddleOfAWriteIntoANewFolder) {
    const std::string file = folder_.file("conf/a.yaml");
    watch({file});
    fs::create_directory(folder_.path() / "conf");
    std::ofstream slow(file);
    for (int i = 0; i < 8; ++i) {
        slow << "a line\n" << std::flush;
        EXPECT_EQ(heard(50ms), Names{});
    }
    slow.close();
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, HearsOfAHardLink) {
    const std::string file = folder_.write("a.yaml", "one");
    watch({file});
    fs::remove(file);
    fs::create_hard_link(folder_.write("b.yaml", "two"), file);
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchTest, HearsOfTwoNamesOfOneFolder) {
    make("conf", "one");
    const std::string a = folder_.file("conf/a.yaml");
    const std::string same = folder_.file("conf/../conf/a.yaml");
    watch({a, same});
    folder_.write("conf/a.yaml", "two");
    EXPECT_EQ(heard(), (Names{a, same}));
}

// Nobody is kept out of anything as root.
class FileWatchWithoutPrivileges : public FileWatchTest {
protected:
    FileWatchWithoutPrivileges() {
        constexpr uid_t nobody = 65534;
        if (before_ != 0) return;
        EXPECT_EQ(chown(folder_.path().c_str(), nobody, static_cast<gid_t>(-1)), 0);
        EXPECT_EQ(seteuid(nobody), 0);
    }
    ~FileWatchWithoutPrivileges() override { EXPECT_EQ(seteuid(before_), 0); }

    const uid_t before_ = geteuid();
};

TEST_F(FileWatchWithoutPrivileges, HearsOfAFileThatMayBeReadAtLast) {
    const std::string file = folder_.write("a.yaml", "one");
    fs::permissions(file, fs::perms::none);
    watch({file});
    fs::permissions(file, fs::perms::owner_read);
    EXPECT_EQ(heard(), Names{file});
    fs::permissions(file, fs::perms::owner_all);
    EXPECT_EQ(heard(300ms), Names{}) << "that is no news";
    fs::permissions(file, fs::perms::none);
    EXPECT_EQ(heard(300ms), Names{});
    fs::permissions(file, fs::perms::owner_all);
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchWithoutPrivileges, HearsOfAFolderThatMayBeEnteredAtLast) {
    make("conf", "one");
    fs::permissions(folder_.path() / "conf", fs::perms::none);
    const std::string file = folder_.file("conf/a.yaml");
    watch({file});
    fs::permissions(folder_.path() / "conf", fs::perms::owner_all);
    EXPECT_EQ(heard(), Names{file});
    folder_.write("conf/a.yaml", "two");
    EXPECT_EQ(heard(), Names{file});
}

TEST_F(FileWatchWithoutPrivileges, LooksAgainWhereItMayNotWatch) {
    make("closed/conf", "one");
    make("closed/conf2", "two");
    fs::permissions(folder_.path() / "closed", fs::perms::owner_write | fs::perms::owner_exec);
    const std::string file = folder_.file("closed/conf/a.yaml");
    watch({file});
    fs::rename(folder_.path() / "closed/conf", folder_.path() / "closed/conf.old");
    EXPECT_EQ(heard(300ms), Names{});
    fs::rename(folder_.path() / "closed/conf2", folder_.path() / "closed/conf");
    EXPECT_EQ(heard(), Names{file});
    fs::permissions(folder_.path() / "closed", fs::perms::owner_all);  // to be removed
}

}  // namespace
}  // namespace bearergate::gateway
