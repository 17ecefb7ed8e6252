// The load of go.sh: a service that fills a cache of some MiB in pieces of several sizes, looks up and replaces entries, empties most of
// it and is idle, again and again: cache MIB SECONDS ROUNDS.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"strconv"
	"time"
)

// Sizes of entries, in bytes: mean 5120.
var sizes = []int{512, 1024, 2048, 16896}

func entry(r *rand.Rand) []byte {
	bytes := make([]byte, sizes[r.Intn(len(sizes))])
	for i := range bytes {
		bytes[i] = byte(i)
	}
	return bytes
}

// use looks up and replaces entries, those with low numbers more often, until the time is over.
func use(cache [][]byte, r *rand.Rand, length time.Duration) int {
	sum := 0
	for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for i := 0; i < 100; i++ {
			x := r.Float64()
			at := int(float64(len(cache)) * x * x)
			if i%10 == 0 {
				cache[at] = entry(r)
			}
			sum += int(cache[at][len(cache[at])-1])
		}
	}
	return sum
}

func main() {
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(os.Args[i+1])
	}
	length := time.Duration(n[1]) * time.Second
	cache := make([][]byte, n[0]<<20/5120)
	r := rand.New(rand.NewSource(1))
	sum := 0
	for round := 0; round < n[2]; round++ {
		for i := range cache {
			cache[i] = entry(r)
		}
		sum += use(cache, r, length)
		for i := len(cache) / 8; i < len(cache); i++ {
			cache[i] = nil
		}
		runtime.GC() // Without it the next one comes with the allocations of some minutes.
		sum += use(cache[:len(cache)/8], r, length)
	}
	fmt.Println(sum)
}
